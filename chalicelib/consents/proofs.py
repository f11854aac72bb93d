"""The proof of a consent: its events from the first on, and its entry in the person's standing.

Once the consent has ended the proof is kept for as long as the schedule says, and is read no longer
than that. Whoever gives the consent anew after that begins another proof; until then it is the same
one that goes on.
"""

from collections.abc import Callable, Collection
from dataclasses import replace

from chalicelib.consents.models import VALID, Entry, Standing
from chalicelib.consents.standing_store import StandingStore

type Over = Callable[[Collection[str]], set[str]]
"""Which of some proofs' time is over, by their references. Two reads."""


class Proofs:
    """Says what may be read."""

    def __init__(self, standings: StandingStore, over: Over) -> None:
        self._standings = standings
        self._over = over

    def standing(self, subject_id: str) -> Standing:
        """All that counts of the person, read consistently, without what is over."""
        return self.readable(self._standings.get(subject_id, consistent=True))

    def is_over(self, standing: Standing, purpose: str) -> bool:
        """Whether the proof of that consent may not be read any more."""
        return purpose in self._ended_for_long(standing, [purpose])

    def readable(self, standing: Standing) -> Standing:
        """`standing` without the consents whose proof's time is over."""
        return without(standing, self._ended_for_long(standing, standing.entries))

    def _ended_for_long(self, standing: Standing, purposes: Collection[str]) -> list[str]:
        """Reads nothing where none of the consents has ended."""
        ended = {
            reference_of(standing.subject_id, purpose, entry): purpose
            for purpose, entry in standing.entries.items()
            if purpose in purposes and entry.state not in VALID
        }
        return [ended[each] for each in self._over(ended)] if ended else []


def reference_of(subject_id: str, purpose: str, entry: Entry) -> str:
    """What names the proof among our own records under retention."""
    return f"{subject_id}/{purpose}/{entry.first or ''}"


def without(standing: Standing, purposes: Collection[str]) -> Standing:
    """`standing` as if nothing had ever been said about `purposes`."""
    return replace(
        standing,
        entries={key: each for key, each in standing.entries.items() if key not in purposes},
        reminded={key: each for key, each in standing.reminded.items() if key not in purposes},
    )


def shows(standing: Standing, purpose: str, record_id: str) -> bool:
    """Whether a record belongs to the proof that stands in a (readable) standing."""
    entry = standing.entries.get(purpose)
    return entry is not None and record_id >= (entry.first or "")

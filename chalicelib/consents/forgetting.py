"""The end of a proof whose time is over: its events go, the oldest first, then its entry.

Every transaction has the absence of holds and the unchanged standing as its conditions. A worker
that died is followed by one that deletes the rest. The chain stays: ids and hashes.
"""

from collections.abc import Sequence
from contextlib import suppress

from chalicelib.consents.event_store import EventStore
from chalicelib.consents.models import VALID
from chalicelib.consents.proofs import without
from chalicelib.consents.standing_store import StandingStore
from chalicelib.errors import Conflict
from chalicelib.tables.transactions import Action, Check, RunCommand

_AT_ONCE = 50  # beside the conditions, of which there are up to forty


class ConsentStands(Conflict):
    """The consent was given again, and with it its proof goes on."""

    code = "consent_stands"


class _NothingLeft(Exception):
    """Nothing of the proof is there any more. Never leaves this module."""


class Forgetting:
    """Deletes proofs."""

    def __init__(
        self, standings: StandingStore, events: EventStore, run_command: RunCommand
    ) -> None:
        self._standings = standings
        self._events = events
        self._run_command = run_command

    def end(self, reference: str, guard: Sequence[Check]) -> None:
        """Deletes what is left of the proof named by `reference`. May be repeated.

        Raises `ConsentStands`, and what the conditions of `guard` do.
        """
        subject_id, purpose, first = reference.split("/")
        with suppress(_NothingLeft):
            while True:
                self._run_command(lambda: self._page(subject_id, purpose, first, guard))

    def _page(
        self, subject_id: str, purpose: str, first: str, guard: Sequence[Check]
    ) -> list[Action]:
        standing = self._standings.get(subject_id, consistent=True)
        entry = standing.entries.get(purpose)
        is_this = entry is not None and (entry.first or "") == first
        if entry is not None and is_this and entry.state in VALID:
            raise ConsentStands
        # Where another proof has begun, the events from its first on are that one's.
        before = entry.first if entry is not None and not is_this else None
        removals = self._events.removals_of(subject_id, purpose, before, _AT_ONCE)
        if is_this and len(removals) < _AT_ONCE:
            return [*guard, *removals, self._standings.change(without(standing, [purpose]))]
        if not removals:
            raise _NothingLeft
        return [*guard, *removals, self._standings.unchanged(standing)]

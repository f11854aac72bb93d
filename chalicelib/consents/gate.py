"""May we use it? One read answers, and nothing has to be opened for it.

What counts of a person is one item in clear (standing_store.py), so the answer costs the same
however long the history is. Which terms are in force is known from memory (notices/directory.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.clock import Clock
from chalicelib.consents.models import Standing
from chalicelib.consents.rules import Verdict, verdict
from chalicelib.consents.standing_store import StandingStore
from chalicelib.consents.texts import ShownTexts
from chalicelib.errors import FieldError, InvalidInput

KEPT = timedelta(seconds=60)
"""How long an answer may be kept. A withdrawal stops processing within 72 hours (UU PDP 40); a
minute of them may pass in somebody's cache."""

type BasesOf = Callable[[str], tuple[str, ...] | None]
"""The legal bases of a purpose by its id, None for an unknown one."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A verdict about one person, when it was found, and until when it may be kept."""

    subject_id: str
    verdict: Verdict
    as_of: datetime
    valid_until: datetime


class Gate:
    """Answers whether somebody's data may be used for a purpose."""

    def __init__(
        self, standings: StandingStore, texts: ShownTexts, bases_of: BasesOf, clock: Clock
    ) -> None:
        self._standings = standings
        self._texts = texts
        self._bases_of = bases_of
        self._clock = clock

    def check(self, subject_id: str, purpose: str) -> Answered:
        """One person: half a read unit. Raises `InvalidInput` for an unknown purpose."""
        bases = self._bases(purpose)
        return self._answered(self._standings.get(subject_id), purpose, bases)

    def check_many(self, subject_ids: Sequence[str], purpose: str) -> list[Answered]:
        """Up to 100 people in one batch read, in their order.

        Raises `InvalidInput` for an unknown purpose, `ReadIncomplete`.
        """
        bases = self._bases(purpose)
        standings = self._standings.many(subject_ids)
        return [self._answered(standings[each], purpose, bases) for each in subject_ids]

    def _bases(self, purpose: str) -> tuple[str, ...]:
        bases = self._bases_of(purpose)
        if bases is None:
            raise InvalidInput(FieldError("purpose", "unknown_purpose"))
        return bases

    def _answered(self, standing: Standing, purpose: str, bases: tuple[str, ...]) -> Answered:
        now = self._clock.now()
        entry = standing.entries.get(purpose)
        terms = (
            {entry.notice_id: self._texts.terms_in_force(entry.notice_id, purpose)} if entry else {}
        )
        ends = [now + KEPT]
        if entry is not None:
            moments = (
                entry.expires_at,
                entry.former_until,
                self._texts.changes_at(entry.notice_id),
            )
            ends += [each for each in moments if each is not None and each > now]
        return Answered(
            standing.subject_id, verdict(standing, purpose, bases, terms, now), now, min(ends)
        )

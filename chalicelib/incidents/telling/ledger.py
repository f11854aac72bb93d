"""The ledger of breach notices: who was told, when, and what became of it."""

from collections import Counter

from chalicelib.clock import Clock
from chalicelib.incidents.telling.ledger_store import LedgerStore, notice_of
from chalicelib.incidents.telling.models import LOST, BreachTelling, Line, NotTold, PublicWord
from chalicelib.incidents.telling.rules import came_back
from chalicelib.incidents.telling.store import BreachTellingStore
from chalicelib.notices.messages import Message, State
from chalicelib.notices.telling.models import Outcome
from chalicelib.tables.keys import Key
from chalicelib.tables.transactions import Action


class BreachLedger:
    """Reads the ledger, and follows its mails."""

    def __init__(self, store: BreachTellingStore, lines: LedgerStore, clock: Clock) -> None:
        self._store = store
        self._lines = lines
        self._clock = clock

    def follow(self, message: Message, state: State, reason: str) -> list[Action]:
        """The writes that note what became of the mail `message` (outbox_store.py): who counted as
        told by one that comes back was not."""
        if message.about is None:
            return []
        outcome = Outcome(state.value)
        # Nobody is written to elsewhere before the first mail came to an end.
        if outcome is not Outcome.SENT and self._lines.mail_of(message.about) != message.id:
            return []
        noted = self._lines.outcome(message.about, outcome, self._clock.now(), reason)
        telling = self._store.get(notice_of(message.about)) if outcome in LOST else None
        after = came_back(telling) if telling else None
        return [noted] if after is None or after == telling else [noted, self._store.change(after)]

    def telling(self, incident_id: str, notice_id: str) -> BreachTelling:
        """How far the telling is. Raises `NotTold`."""
        telling = self._store.get(notice_id)
        if telling is None or telling.incident_id != incident_id:
            raise NotTold
        return telling

    def line(self, notice_id: str, recipient_id: str) -> Line:
        """Somebody's line. Raises `NotTold`."""
        line = self._lines.line(notice_id, recipient_id)
        if line is None:
            raise NotTold
        return line

    def public_word(self, notice_id: str) -> PublicWord | None:
        """That all others were told in public, if so."""
        return self._store.public_word(notice_id)

    def totals(self, notice_id: str) -> Counter[Outcome]:
        """How many lines have each outcome: counted when asked, by reading the whole ledger.

        Exact, as counters beside a hundred thousand lines would not be: outcomes come in any order
        and more than once. A hundred thousand lines are some 3,000 read units.
        """
        return Counter(line.outcome for line in self._lines.all(notice_id))

    def page(
        self, notice_id: str, limit: int, start: Key | None, outcome: Outcome | None
    ) -> tuple[list[Line], Key | None]:
        """`limit` lines with the outcome, or any, and where to go on from; None at the end."""
        return self._lines.page(notice_id, limit, start, outcome)

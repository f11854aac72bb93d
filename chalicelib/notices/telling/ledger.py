"""What becomes of telling somebody, noted in the ledger with the message that it became of."""

from chalicelib.clock import Clock
from chalicelib.errors import NotFound
from chalicelib.notices.messages import Message, State
from chalicelib.notices.telling.models import TEMPLATE, TEMPLATE_ASKING, Outcome, Telling, Told
from chalicelib.notices.telling.store import TellingStore
from chalicelib.tables.keys import Key
from chalicelib.tables.transactions import Action

KINDS = (TEMPLATE, TEMPLATE_ASKING)
"""The mails that the ledger has lines for."""


class NotTold(NotFound):
    """Nobody is told of that version: it changes nothing of weight, or it is not published."""

    code = "not_told"


class Ledger:
    """Who was told of a version."""

    def __init__(self, store: TellingStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def follow(self, message: Message, state: State, reason: str) -> list[Action]:
        """The write that notes what became of the mail `message` (outbox_store.py)."""
        if message.about is None:
            return []
        outcome = Outcome(state.value)
        return [self._store.outcome(message.about, outcome, self._clock.now(), reason)]

    def telling(self, notice_id: str, version: str) -> Telling:
        """How far the telling of a version is. Raises `NotTold`."""
        telling = self._store.get(notice_id, version)
        if telling is None:
            raise NotTold
        return telling

    def page(
        self, notice_id: str, version: str, limit: int, start: Key | None
    ) -> tuple[list[Told], Key | None]:
        """`limit` lines in the order of the people's ids, and where to go on from."""
        return self._store.page(notice_id, version, limit, start)

"""What people do about a telling: approve it, ask for the rest, note who was told otherwise."""

from collections.abc import Mapping
from datetime import datetime

from chalicelib.audit.entry import Actor, Fact
from chalicelib.clock import Clock, from_millis, rfc3339, to_millis
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.incidents.book import IncidentBook
from chalicelib.incidents.models import Recipient
from chalicelib.incidents.rules import check_past
from chalicelib.incidents.telling.ledger import BreachLedger
from chalicelib.incidents.telling.ledger_store import LedgerStore
from chalicelib.incidents.telling.models import (
    BreachTelling,
    NotForThePublic,
    Otherwise,
    PublicWord,
)
from chalicelib.incidents.telling.rules import once_more, told_otherwise
from chalicelib.incidents.telling.store import BreachTellingStore
from chalicelib.notices.telling.models import Place
from chalicelib.tables.transactions import Action


class TellingDesk:
    """What the staff does leaves its entry in the incident's chain, and is done once a `call`."""

    def __init__(
        self,
        store: BreachTellingStore,
        lines: LedgerStore,
        ledger: BreachLedger,
        book: IncidentBook,
        clock: Clock,
        idempotency: Idempotency,
    ) -> None:
        self._store = store
        self._lines = lines
        self._ledger = ledger
        self._book = book
        self._clock = clock
        self._idempotency = idempotency

    def start(
        self,
        incident_id: str,
        notice_id: str,
        recipient: Recipient,
        drill: bool,  # noqa: FBT001  # notices' `StartTelling`
    ) -> list[Action]:
        """The writes that start telling all affected of a kind, for the transaction that approves
        the notice. In a `drill` the ledger is kept and no mail is written."""
        now = self._now()
        telling = BreachTelling(notice_id, incident_id, recipient, drill, now, Place(now))
        return [self._store.start(telling)]

    def tell_rest(
        self, incident_id: str, notice_id: str, staff_id: str, call: KeyedCall | None = None
    ) -> None:
        """Another round follows, for whoever was put on the list since.

        Raises `IncidentOver`, `NotTold`, `IdempotencyConflict`.
        """

        def build() -> list[Action]:
            telling = self._telling(incident_id, notice_id)
            return [
                self._store.change(once_more(telling, self._now())),
                *self._entry(telling, staff_id, "incident.rest_asked", {}),
            ]

        self._idempotency.run(call, {"notice": notice_id}, build)

    def told(
        self,
        incident_id: str,
        notice_id: str,
        recipient_id: str,
        how: Otherwise,
        call: KeyedCall | None = None,
    ) -> None:
        """Notes by which other means somebody was told.

        Raises `IncidentOver`, `NotTold`, `AlreadyTold`, `InvalidInput` for a moment to come or
        before the notice was approved, `IdempotencyConflict`.
        """

        def build() -> list[Action]:
            telling = self._telling(incident_id, notice_id)
            self._check(telling, how.at)
            self._ledger.line(notice_id, recipient_id)  # or nobody has told them yet
            facts = {"recipient": recipient_id, "means": how.means.value, "at": rfc3339(how.at)}
            return [
                self._lines.told_otherwise(notice_id, recipient_id, how),
                self._store.change(told_otherwise(telling)),
                *self._entry(telling, how.by, "incident.told_otherwise", facts),
            ]

        self._idempotency.run(call, {"recipient": recipient_id}, build)

    def told_publicly(
        self, incident_id: str, notice_id: str, word: PublicWord, call: KeyedCall | None = None
    ) -> None:
        """Notes that all people were told in public who are on the list and whom no mail reaches
        (GDPR 34(3)(c)).

        Raises as `told`, and `NotForThePublic`.
        """

        def build() -> list[Action]:
            telling = self._telling(incident_id, notice_id)
            self._check(telling, word.at)
            if telling.recipient is not Recipient.SUBJECTS:
                raise NotForThePublic
            facts = {"at": rfc3339(word.at)}
            return [
                self._store.add_public_word(notice_id, word),
                self._store.change(told_otherwise(telling)),
                *self._entry(telling, word.by, "incident.told_publicly", facts),
            ]

        self._idempotency.run(call, {"notice": notice_id}, build)

    def _telling(self, incident_id: str, notice_id: str) -> BreachTelling:
        self._book.check_time(incident_id)
        return self._ledger.telling(incident_id, notice_id)

    def _now(self) -> datetime:
        """In whole milliseconds, as it is stored."""
        return from_millis(to_millis(self._clock.now()))

    def _check(self, telling: BreachTelling, at: datetime) -> None:
        check_past("at", at, self._clock.now())
        if at < telling.started_at:
            raise InvalidInput(FieldError("at", "before_approval"))

    def _entry(
        self, telling: BreachTelling, staff_id: str, action: str, facts: Mapping[str, Fact]
    ) -> list[Action]:
        said = {"notice": telling.notice_id, **facts}
        return self._book.entry(telling.incident_id, Actor("staff", staff_id), action, said)

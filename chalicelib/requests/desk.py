"""What reached the staff by letter, mail or phone, and the identities that the staff checks."""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.audit.entry import Actor
from chalicelib.clock import Clock
from chalicelib.errors import Conflict, FieldError, InvalidInput
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.identity.subjects import Subjects
from chalicelib.requests.arrivals import Arrivals, Prepared
from chalicelib.requests.asking import Asking
from chalicelib.requests.book import RequestBook
from chalicelib.requests.mandates import identifiers, proving_address, staff_decides
from chalicelib.requests.models import Accepted, Arrival, DataRequest, IdentityCheck
from chalicelib.requests.opening import Opening, Settled
from chalicelib.tables.transactions import Action

MANDATE = "mandate"
"""The means by which a guardian is checked."""
OLDEST_RECEIPT = timedelta(days=400)
"""No law's clock runs that long: an older date is a slip of the pen."""


class UnlikelyReceipt(InvalidInput):
    """The request is said to have come in the future, or longer ago than any clock runs."""

    code = "unlikely_receipt"

    def __init__(self, why: str) -> None:
        super().__init__(FieldError("received_at", why))


class WrongMeans(InvalidInput):
    """Who acts by law is checked by the mandate."""

    code = "wrong_means"

    def __init__(self) -> None:
        super().__init__(FieldError("means", "must_be_mandate"))


class AddressUnproved(Conflict):
    """Answers would go to an address that its guardian has not proved: the code comes first."""

    code = "address_unproved"


class Desk:
    """What the staff takes in, each with its entry in the trail."""

    def __init__(
        self,
        arrivals: Arrivals,
        book: RequestBook,
        asking: Asking,
        subjects: Subjects,
        opening: Opening,
        idempotency: Idempotency,
        clock: Clock,
    ) -> None:
        self._arrivals = arrivals
        self._book = book
        self._asking = asking
        self._subjects = subjects
        self._opening = opening
        self._idempotency = idempotency
        self._clock = clock

    def take_in(
        self,
        arrival: Arrival,
        check: IdentityCheck | None,
        staff_id: str,
        source_ip: str,
        call: KeyedCall | None,
    ) -> Accepted:
        """Takes in what came to the staff; the laws' clocks run from its receipt.

        With `check` it opens at once, or joins. Without, a code goes to its address. Where it has
        none, or names the person by more than the address, which is all that a code proves, it
        waits for a check. Raises `UnlikelyReceipt`, `UnusableIdentifier`, `TooManyProofs`,
        `IdempotencyConflict`, and what `confirm` does of the check.
        """
        who = Actor("staff", staff_id)
        self._check_receipt(arrival.received_at)
        arrival = replace(arrival, taken_in_by=staff_id)

        def prepare(received: DataRequest) -> Prepared:
            if check is not None:
                settled, new_subject = self._checked(received, check, who)
                writes = [*new_subject, *settled.actions]
                return Prepared(settled.request, who, settled.facts, writes)
            content = received.content
            if not proving_address(content) or (content.identities and not staff_decides(content)):
                return Prepared(received, who, {}, [])
            asked, writes = self._asking.ask(received, source_ip)
            return Prepared(asked, who, {}, writes)

        return self._arrivals.take_in(arrival, call, prepare)

    def confirm(
        self, request_id: str, check: IdentityCheck, staff_id: str, call: KeyedCall | None
    ) -> DataRequest:
        """Opens the request after the staff checked who made it, and a guardian's mandate.

        It joins the person's living request of its kind instead, if there is one. Raises
        `UnknownRequest`, `ImpossibleNow` once it is proved, `IdentifiersOfTwoPeople`; for a
        guardian, `WrongMeans` for any other means than the mandate, and `AddressUnproved` before
        the guardian entered the code.
        """
        if self._idempotency.earlier(call) is not None:
            return self._book.get(request_id)
        who = Actor("staff", staff_id)
        confirmed: list[DataRequest] = []

        def build() -> list[Action]:
            settled, new_subject = self._checked(self._book.get(request_id), check, who)
            confirmed[:] = [settled.request]
            change = self._book.change(settled.request, who, settled.event, settled.facts)
            return [*new_subject, *settled.actions, *change]

        earlier = self._idempotency.run(call, {}, build)
        return confirmed[0] if earlier is None else self._book.get(request_id)

    def _checked(
        self, request: DataRequest, check: IdentityCheck, who: Actor
    ) -> tuple[Settled, list[Action]]:
        content = replace(request.content, checked=check.reference)
        if staff_decides(content):
            if check.means != MANDATE:
                raise WrongMeans
            if not request.address_proved:
                raise AddressUnproved
        subject_id, new_subject = self._subjects.known_by(identifiers(content), content.language)
        checked = replace(request, content=content, checked_by=who.id)
        settled = self._opening.settle(checked, subject_id, who, check.means)
        return settled, new_subject

    def _check_receipt(self, received_at: datetime) -> None:
        now = self._clock.now()
        if received_at > now:
            raise UnlikelyReceipt("in_the_future")
        if received_at < now - OLDEST_RECEIPT:
            raise UnlikelyReceipt("too_long_ago")

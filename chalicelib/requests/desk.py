"""What reached the staff by letter, mail or phone, and the identities that the staff checks."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.audit.entry import Actor, Fact
from chalicelib.clock import Clock
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.identity.subjects import Subjects
from chalicelib.requests.arrivals import Arrivals, Prepared
from chalicelib.requests.asking import Asking
from chalicelib.requests.book import RequestBook
from chalicelib.requests.mandates import identifiers, proving_address
from chalicelib.requests.models import Accepted, Arrival, DataRequest, IdentityCheck
from chalicelib.requests.opening import Opening, Settled
from chalicelib.tables.transactions import Action

OLDEST_RECEIPT = timedelta(days=400)
"""No law's clock runs that long: an older date is a slip of the pen."""


class UnlikelyReceipt(InvalidInput):
    """The request is said to have come in the future, or longer ago than any clock runs."""

    code = "unlikely_receipt"

    def __init__(self, why: str) -> None:
        super().__init__(FieldError("received_at", why))


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

        With `check` it opens at once, or joins. Without, a code goes to its address; where it has
        none, it waits for a check. Raises `UnlikelyReceipt`, `UnusableIdentifier`, `TooManyProofs`,
        `IdempotencyConflict`.
        """
        who = Actor("staff", staff_id)
        self._check_receipt(arrival.received_at)

        def prepare(received: DataRequest) -> Prepared:
            if check is not None:
                settled, facts, new_subject = self._checked(received, check, who)
                return Prepared(settled.request, who, facts, [*new_subject, *settled.actions])
            if not proving_address(received.content):
                return Prepared(received, who, {}, [])
            asked, writes = self._asking.ask(received, source_ip)
            return Prepared(asked, who, {}, writes)

        return self._arrivals.take_in(arrival, call, prepare)

    def confirm(
        self, request_id: str, check: IdentityCheck, staff_id: str, call: KeyedCall | None
    ) -> DataRequest:
        """Opens the request after the staff checked who made it, and a guardian's mandate.

        It joins the person's living request of its kind instead, if there is one. Raises
        `UnknownRequest`, `ImpossibleNow` once it is proved.
        """
        if self._idempotency.earlier(call) is not None:
            return self._book.get(request_id)
        who = Actor("staff", staff_id)
        confirmed: list[DataRequest] = []

        def build() -> list[Action]:
            settled, facts, new_subject = self._checked(self._book.get(request_id), check, who)
            confirmed[:] = [settled.request]
            change = self._book.change(settled.request, who, settled.event, facts)
            return [*new_subject, *settled.actions, *change]

        earlier = self._idempotency.run(call, {}, build)
        return confirmed[0] if earlier is None else self._book.get(request_id)

    def _checked(
        self, request: DataRequest, check: IdentityCheck, who: Actor
    ) -> tuple[Settled, Mapping[str, Fact], list[Action]]:
        content = replace(request.content, checked=check.reference)
        subject_id, new_subject = self._subjects.known_by(identifiers(content), content.language)
        settled = self._opening.settle(replace(request, content=content), subject_id, who)
        return settled, {"means": check.means, **settled.facts}, new_subject

    def _check_receipt(self, received_at: datetime) -> None:
        now = self._clock.now()
        if received_at > now:
            raise UnlikelyReceipt("in_the_future")
        if received_at < now - OLDEST_RECEIPT:
            raise UnlikelyReceipt("too_long_ago")

"""How a request is proved by the code from the mail."""

from dataclasses import replace

from chalicelib.audit.entry import Actor
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.identity.proofs import Proofs
from chalicelib.identity.subjects import Subjects
from chalicelib.requests.asking import Asking
from chalicelib.requests.book import RequestBook
from chalicelib.requests.mandates import identifiers, staff_decides
from chalicelib.requests.models import DataRequest, Status
from chalicelib.requests.opening import Opening
from chalicelib.requests.rules import UNPROVED, ImpossibleNow
from chalicelib.requests.service import Requests
from chalicelib.requests.tracking import is_request_id
from chalicelib.tables.transactions import Action


class Proving:
    """Sends codes, and opens requests by them."""

    def __init__(
        self,
        requests: Requests,
        book: RequestBook,
        asking: Asking,
        proofs: Proofs,
        subjects: Subjects,
        opening: Opening,
        idempotency: Idempotency,
    ) -> None:
        self._requests = requests
        self._book = book
        self._asking = asking
        self._proofs = proofs
        self._subjects = subjects
        self._opening = opening
        self._idempotency = idempotency

    def send_code(
        self, request_id: str, caller: str, source_ip: str, call: KeyedCall | None = None
    ) -> DataRequest:
        """Mails another code to the request's address; one sent before ends.

        Raises `UnknownRequest`, `ImpossibleNow` once it is proved, `TooManyProofs`.
        """
        self._requests.look(request_id, caller)
        if self._idempotency.earlier(call) is not None:
            return self._requests.look(request_id, caller)

        def build() -> list[Action]:
            request = self._requests.look(request_id, caller)
            if request.status is not Status.AWAITING_IDENTITY:
                raise ImpossibleNow
            asked, writes = self._asking.ask(request, source_ip)
            if asked.messages == request.messages:
                return writes  # it gets no more codes for now
            who = Actor.parse(caller.replace("request/", "requester/"))
            return [*writes, *self._book.change(asked, who, "request.code_sent")]

        self._idempotency.run(call, {}, build)
        return self._requests.look(request_id, caller)

    def prove(
        self, request_id: str, code: str, source_ip: str, call: KeyedCall | None = None
    ) -> DataRequest:
        """Opens the request with the code from the mail; its requester becomes a data subject.

        It joins the person's living request of its kind instead, if there is one. A guardian's
        address is proved by it; the request waits for the staff. Raises `InvalidCode`, for a
        request that is not there too; `ImpossibleNow`, `TooManyProofs`.
        """
        well_formed = is_request_id(request_id)
        call = call.of(request_id) if call and well_formed else None
        if self._idempotency.earlier(call) is not None:
            return self._book.get(request_id)
        known = self._book.find(request_id)
        address = known.requester if known and known.requester else request_id
        spent = self._proofs.spend(request_id, address, code, source_ip)
        proved: list[DataRequest] = []

        def build() -> list[Action]:
            request, writes = self._proved(self._book.get(request_id))
            proved[:] = [request]
            return [spent.once, *writes]

        earlier = self._idempotency.run(call, {}, build)
        return proved[0] if earlier is None else self._book.get(request_id)

    def _proved(self, request: DataRequest) -> tuple[DataRequest, list[Action]]:
        """The request once its code was entered, and the writes beside the code's end."""
        if request.status not in UNPROVED:
            raise ImpossibleNow
        if staff_decides(request.content):
            who, proved = (
                Actor("requester", request.request_id),
                replace(request, address_proved=True),
            )
            means = {"means": "code"}
            return proved, self._book.change(proved, who, "request.address_proved", means)
        content = request.content
        subject_id, new_subject = self._subjects.known_by(identifiers(content), content.language)
        who = Actor("subject", subject_id)
        settled = self._opening.settle(request, subject_id, who, "code")
        change = self._book.change(settled.request, who, settled.event, settled.facts)
        return settled.request, [*new_subject, *settled.actions, *change]

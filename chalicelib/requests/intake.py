"""Requests by the API, from anyone."""

from chalicelib.audit.entry import Actor
from chalicelib.clock import Clock
from chalicelib.idempotency.models import KeyedCall
from chalicelib.requests.arrivals import Arrivals, Prepared
from chalicelib.requests.asking import Asking
from chalicelib.requests.models import (
    Accepted,
    Arrival,
    Content,
    DataRequest,
    RequestType,
    Source,
)
from chalicelib.vault.blind_index import BlindIndex, Kind


class Intake:
    """Takes requests in from people whom nobody knows yet."""

    def __init__(self, arrivals: Arrivals, asking: Asking, index: BlindIndex, clock: Clock) -> None:
        self._arrivals = arrivals
        self._asking = asking
        self._index = index
        self._clock = clock

    def accept(
        self, type_: RequestType, content: Content, source_ip: str, call: KeyedCall | None = None
    ) -> Accepted:
        """Takes a request in: the laws' clocks run from now, and a code goes to its address.

        Whoever the address belongs to, the answer is the same, after the same calls: one read and
        one transaction. `call` counts for the address that it names. Raises `UnusableIdentifier`,
        `TooManyProofs` for the caller's network, `IdempotencyConflict`; `UnfitForMail` for an
        agent's name of more than one line.
        """

        def prepare(received: DataRequest) -> Prepared:
            request, writes = self._asking.ask(received, source_ip)
            return Prepared(request, Actor("requester", request.request_id), {}, writes)

        arrival = Arrival(type_, content, Source.API, self._clock.now())
        address = self._index.token(Kind.EMAIL, content.email)
        return self._arrivals.take_in(arrival, call and call.of(address), prepare)

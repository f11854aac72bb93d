"""What all ways in have in common: the dates, the token, the first entry, the one transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chalicelib.audit.entry import Actor, Entity, Fact
from chalicelib.audit.trail import Trail
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.ids import Ids
from chalicelib.law.case import Case
from chalicelib.law.clocks import deadlines
from chalicelib.law.jurisdictions import laws_for
from chalicelib.requests.mandates import proving_address
from chalicelib.requests.models import Accepted, Arrival, Content, DataRequest, Status
from chalicelib.requests.store import RequestStore
from chalicelib.requests.tracking import tracking_hash, tracking_token
from chalicelib.tables.transactions import Action
from chalicelib.vault.blind_index import BlindIndex, Kind, normalise
from chalicelib.vault.errors import KeyDestroyed


@dataclass(frozen=True, slots=True)
class Prepared:
    """The request as it is stored, who brought it, what its first entry says of it, and the writes
    that belong to its way in."""

    request: DataRequest
    who: Actor
    facts: Mapping[str, Fact]
    actions: list[Action]


class Arrivals:
    """Takes requests in."""

    def __init__(
        self,
        store: RequestStore,
        index: BlindIndex,
        trail: Trail,
        ids: Ids,
        idempotency: Idempotency,
    ) -> None:
        self._store = store
        self._index = index
        self._trail = trail
        self._ids = ids
        self._idempotency = idempotency

    def take_in(
        self, arrival: Arrival, call: KeyedCall | None, prepare: Callable[[DataRequest], Prepared]
    ) -> Accepted:
        """Stores the request as `prepare` makes it of what was received; one transaction.

        `prepare` is called anew whenever the transaction was overtaken. A repeat of `call` changes
        nothing and is told the same id and token, and where the request is now. Raises
        `UnusableIdentifier`, `IdempotencyConflict`, and what the writes mean.
        """
        request_id = self._ids.new()
        token = self._token(call, request_id)
        received = self._received(arrival, request_id, token)
        taken: list[DataRequest] = []

        def build() -> list[Action]:
            prepared = prepare(received)
            taken[:] = [prepared.request]
            facts = {"type": arrival.type.value, "source": arrival.source.value, **prepared.facts}
            entity = Entity("request", request_id)
            return [
                *prepared.actions,
                *self._store.add_actions(prepared.request),
                *self._trail.first_actions(entity, prepared.who, "request.received", facts),
            ]

        earlier = self._idempotency.run(call, {"request": request_id}, build)
        if earlier is None:
            (request,) = taken
            return Accepted(request_id, token, request.status, request.joined_to)
        return self._repeated(call, str(earlier["request"]))

    def _repeated(self, call: KeyedCall | None, request_id: str) -> Accepted:
        for now in self._store.summaries([request_id]):
            token = self._token(call, request_id)
            return Accepted(request_id, token, now.status, now.joined_to)
        raise KeyDestroyed  # it was erased since

    def _received(self, arrival: Arrival, request_id: str, token: str) -> DataRequest:
        content = arrival.content
        if content.mandate and content.mandate.email:
            normalise(Kind.EMAIL, content.mandate.email)  # refuses what nobody can be reached by
        return DataRequest(
            request_id=request_id,
            type=arrival.type,
            status=Status.RECEIVED,
            received_at=arrival.received_at,
            deadlines=deadlines(
                laws_for(content.country), arrival.type.value, Case(received_at=arrival.received_at)
            ),
            requester=self._requester(content),
            tracking=tracking_hash(token),
            messages=(),
            content=content,
            source=arrival.source,
            submitter=arrival.submitter,
            taken_in_by=arrival.taken_in_by,
        )

    def _requester(self, content: Content) -> str:
        address = proving_address(content)
        return self._index.token(Kind.EMAIL, address) if address else ""

    def _token(self, call: KeyedCall | None, request_id: str) -> str:
        return tracking_token(request_id, self._idempotency.secret(call, request_id))

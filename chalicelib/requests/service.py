"""What requesters do with their requests."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.audit.entry import Actor, Entity, Entry, Fact
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock
from chalicelib.identity.proofs import Proofs
from chalicelib.identity.subjects import Subjects
from chalicelib.ids import Ids
from chalicelib.law.case import Case
from chalicelib.law.clocks import deadlines
from chalicelib.notices.outbox import Queued
from chalicelib.requests.book import UnknownRequest
from chalicelib.requests.models import Content, DataRequest, RequestType, Status
from chalicelib.requests.rules import Event, ImpossibleNow, after, laws_for, moved
from chalicelib.requests.store import RequestStore
from chalicelib.requests.tracking import (
    is_request_id,
    new_tracking_token,
    tracking_hash,
)
from chalicelib.tables.transactions import Action, RunCommand
from chalicelib.vault.blind_index import BlindIndex, Kind


@dataclass(frozen=True, slots=True)
class Accepted:
    """A new request and the token that follows it, which is shown this once."""

    request: DataRequest
    tracking_token: str


class Requests:
    """Takes requests in, lets their requesters prove, follow and withdraw them."""

    def __init__(
        self,
        store: RequestStore,
        proofs: Proofs,
        subjects: Subjects,
        index: BlindIndex,
        trail: Trail,
        clock: Clock,
        ids: Ids,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._proofs = proofs
        self._subjects = subjects
        self._index = index
        self._trail = trail
        self._clock = clock
        self._ids = ids
        self._run_command = run_command

    def accept(self, type_: RequestType, content: Content, source_ip: str) -> Accepted:
        """Takes a request in: the laws' clocks run from now, and a code goes to its address.

        Whoever the address belongs to, the answer is the same. Raises `UnusableIdentifier`,
        `TooManyProofs` for the caller's network or for all.
        """
        request_id, now = self._ids.new(), self._clock.now()
        token = new_tracking_token(request_id)
        code = self._code(request_id, content, source_ip)
        request = DataRequest(
            request_id=request_id,
            type=type_,
            status=Status.AWAITING_IDENTITY,
            received_at=now,
            deadlines=deadlines(laws_for(content.country), type_.value, Case(received_at=now)),
            requester=self._index.token(Kind.EMAIL, content.email),
            tracking=tracking_hash(token),
            messages=(code.message_id,) if code else (),
            content=content,
        )
        nobody_yet = Actor("requester", request_id)
        self._run_command(
            lambda: [
                self._store.add_action(request),
                *(code.actions if code else []),
                *self._entry(request, nobody_yet, "request.received", {"type": type_.value}),
            ]
        )
        return Accepted(request, token)

    def send_code(self, request_id: str, caller: str, source_ip: str) -> DataRequest:
        """Mails another code to the request's address; one sent before ends.

        Raises `UnknownRequest`, `ImpossibleNow` once it is proved, `TooManyProofs`.
        """
        request = self.look(request_id, caller)
        if request.status is not Status.AWAITING_IDENTITY:
            raise ImpossibleNow
        code = self._code(request_id, request.content, source_ip)
        if code is None:
            return request

        def change(current: DataRequest) -> DataRequest:
            return replace(current, messages=(*current.messages, code.message_id))

        return self._change(request_id, caller, "request.code_sent", change, code.actions)

    def prove(self, request_id: str, code: str, source_ip: str) -> DataRequest:
        """Opens the request with the code from the mail; its requester becomes a data subject.

        Raises `InvalidCode`, for a request that is not there too; `TooManyProofs`.
        """
        known = self._store.get(request_id) if is_request_id(request_id) else None
        address = known.requester if known else request_id
        spent = self._proofs.spend(request_id, address, code, source_ip)
        proved: list[DataRequest] = []

        def build() -> list[Action]:
            request = self._existing(request_id)
            content = request.content
            subject_id, new_subject = self._subjects.having(content.email, content.language)
            status = after(request.status, Event.PROVED)
            proved[:] = [replace(request, status=status, subject_id=subject_id)]
            who = Actor("subject", subject_id)
            return [
                spent.once,
                self._store.change_action(proved[0]),
                *new_subject,
                *self._entry(request, who, "request.proved", {"means": "code"}),
            ]

        self._run_command(build)
        return proved[0]

    def withdraw(self, request_id: str, caller: str) -> DataRequest:
        """Withdraws the request; one that is withdrawn stays so. Raises `UnknownRequest`."""
        request = self.look(request_id, caller)
        if request.status is Status.WITHDRAWN:
            return request

        def change(current: DataRequest) -> DataRequest:
            return moved(current, Event.WITHDRAWN)

        return self._change(request_id, caller, "request.withdrawn", change, [])

    def look(self, request_id: str, caller: str) -> DataRequest:
        """The request, for who tracks it or whose it is. Raises `UnknownRequest` for others."""
        if not is_request_id(request_id):
            raise UnknownRequest
        request = self._existing(request_id)
        if caller not in {f"request/{request_id}", f"subject/{request.subject_id}"}:
            raise UnknownRequest
        return request

    def timeline(self, request: DataRequest) -> list[Entry]:
        """What happened to the request, oldest first."""
        return list(self._trail.history(_entity(request)))

    def _code(self, request_id: str, content: Content, source_ip: str) -> Queued | None:
        return self._proofs.code_for(
            request_id, "request_code", content.email, content.language, source_ip
        )

    def _change(
        self,
        request_id: str,
        caller: str,
        action: str,
        change: Callable[[DataRequest], DataRequest],
        also: Sequence[Action],
    ) -> DataRequest:
        changed: list[DataRequest] = []

        def build() -> list[Action]:
            request = self._existing(request_id)
            changed[:] = [change(request)]
            who = Actor.parse(caller.replace("request/", "requester/"))
            return [
                self._store.change_action(changed[0]),
                *also,
                *self._entry(request, who, action, {}),
            ]

        self._run_command(build)
        return changed[0]

    def _existing(self, request_id: str) -> DataRequest:
        request = self._store.get(request_id)
        if request is None:
            raise UnknownRequest
        return request

    def _entry(
        self, request: DataRequest, who: Actor, action: str, facts: Mapping[str, Fact]
    ) -> list[Action]:
        return self._trail.actions(_entity(request), who, action, facts)


def _entity(request: DataRequest) -> Entity:
    return Entity("request", request.request_id)

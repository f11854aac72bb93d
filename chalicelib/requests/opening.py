"""The one way in which requests open, whoever proved what: one opens, or joins one that is open."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from chalicelib.audit.entry import Actor, Entity, Fact
from chalicelib.audit.trail import Trail
from chalicelib.notices.outbox import Outbox
from chalicelib.requests.mandates import names
from chalicelib.requests.models import DataRequest
from chalicelib.requests.register import Register
from chalicelib.requests.rules import UNPROVED, Event, ImpossibleNow, after
from chalicelib.requests.store import RequestStore
from chalicelib.tables.transactions import Action

PLAN_WORK = "plan"
"""The kind of work in the outbox that an open request begins with."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The request once it is proved, and what belongs to it beside its own write and entry.

    `event` and `facts` are what its chain has to say.
    """

    request: DataRequest
    actions: list[Action]
    event: str
    facts: Mapping[str, Fact]


class Opening:
    """Settles proved requests."""

    def __init__(
        self, store: RequestStore, register: Register, outbox: Outbox, trail: Trail
    ) -> None:
        self._store = store
        self._register = register
        self._outbox = outbox
        self._trail = trail

    def settle(self, request: DataRequest, subject_id: str, who: Actor, means: str) -> Settled:
        """`request`, proved by `means` to be the subject's: it opens, or joins the living one of
        its kind that names at least as much of the person.

        The dates of the one that it joins stand, as the earlier receipt's; what the later one says
        is kept. For the transaction of the proof, which meets `Moved` when the other opened or
        ended meanwhile: call it anew then. Raises `ImpossibleNow`.
        """
        if request.status not in UNPROVED:
            raise ImpossibleNow
        kind, living = self._kind(request, subject_id)
        proved = replace(request, subject_id=subject_id, proof=means)
        facts: dict[str, Fact] = {"means": means}
        listed = [
            self._register.list_action(request.request_id, subject_id),
            *self._register.proved_actions(request),
        ]
        if living is None:
            status = after(request.status, Event.PROVED)
            opened = replace(proved, status=status, open_as=kind)
            return Settled(opened, [*listed, *self.open_actions(opened)], "request.proved", facts)
        status = after(request.status, Event.JOINED)
        joined = replace(proved, status=status, joined_to=living)
        told = self._trail.actions(
            Entity("request", living), who, "request.joined_by", {"request": request.request_id}
        )
        still = self._register.still_living(subject_id, kind, living)
        return Settled(joined, [still, *listed, *told], "request.joined", {**facts, "to": living})

    def _kind(self, request: DataRequest, subject_id: str) -> tuple[str, str | None]:
        """What `request` is called among the subject's open ones, and the one that it joins."""
        kind, named = self._register.kind_of(request), names(request.content)
        living = self._register.living(subject_id, kind)
        first = self._store.get(living) if living else None
        if first is None or named <= names(first.content):
            return kind, living
        # The first is searched for by less: what this one names would never be found.
        kind = self._register.kind_of(request, named)
        return kind, self._register.living(subject_id, kind)

    def open_actions(self, request: DataRequest) -> list[Action]:
        """What happens when `request` opens, in the transaction that opens it: work begins."""
        if request.subject_id is None or request.open_as is None:
            raise ImpossibleNow
        return [
            self._register.open_action(request, request.subject_id, request.open_as),
            *self._outbox.work(PLAN_WORK, request.request_id).actions,
        ]

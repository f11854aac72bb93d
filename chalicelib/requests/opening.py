"""The one way in which requests open, whoever proved what: one opens, or joins one that is open."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from chalicelib.audit.entry import Actor, Entity, Fact
from chalicelib.audit.trail import Trail
from chalicelib.notices.outbox import Outbox
from chalicelib.requests.models import DataRequest
from chalicelib.requests.register import Register
from chalicelib.requests.rules import UNPROVED, Event, ImpossibleNow, after
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

    def __init__(self, register: Register, outbox: Outbox, trail: Trail) -> None:
        self._register = register
        self._outbox = outbox
        self._trail = trail

    def settle(self, request: DataRequest, subject_id: str, who: Actor) -> Settled:
        """`request`, proved to be the subject's: it opens, or joins the living one of its kind.

        The dates of the one that it joins stand, as the earlier receipt's; what the later one says
        is kept. For the transaction of the proof, which meets `Moved` when the other opened or
        ended meanwhile: call it anew then. Raises `ImpossibleNow`.
        """
        if request.status not in UNPROVED:
            raise ImpossibleNow
        kind = self._register.kind_of(request.type, request.content)
        living = self._register.living(subject_id, kind)
        listed = [
            self._register.list_action(request.request_id, subject_id),
            *self._register.proved_actions(request),
        ]
        if living is None:
            status = after(request.status, Event.PROVED)
            opened = replace(request, status=status, subject_id=subject_id, open_as=kind)
            return Settled(opened, [*listed, *self.open_actions(opened)], "request.proved", {})
        status = after(request.status, Event.JOINED)
        joined = replace(request, status=status, subject_id=subject_id, joined_to=living)
        told = self._trail.actions(
            Entity("request", living), who, "request.joined_by", {"request": request.request_id}
        )
        still = self._register.still_living(subject_id, kind, living)
        return Settled(joined, [still, *listed, *told], "request.joined", {"to": living})

    def open_actions(self, request: DataRequest) -> list[Action]:
        """What happens when `request` opens, in the transaction that opens it: work begins."""
        if request.subject_id is None or request.open_as is None:
            raise ImpossibleNow
        return [
            self._register.open_action(request, request.subject_id, request.open_as),
            *self._outbox.work(PLAN_WORK, request.request_id).actions,
        ]

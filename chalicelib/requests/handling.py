"""What the staff does with requests: extends, waits, approves, refuses, sees to what failed."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from chalicelib.audit.entry import Actor, Fact
from chalicelib.clock import Clock
from chalicelib.errors import Conflict, FieldError, InvalidInput
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.law.case import Pause
from chalicelib.law.models import PauseReason
from chalicelib.notices.models import Language
from chalicelib.notices.outbox import Outbox
from chalicelib.requests.book import RequestBook
from chalicelib.requests.dates import (
    LawKnowsNone,
    citations,
    extended,
    knows_pause,
    resumed,
)
from chalicelib.requests.letters import letter
from chalicelib.requests.models import Closing, DataRequest, ExtensionReason, Status
from chalicelib.requests.rules import LIVING, Event, ImpossibleNow, moved
from chalicelib.tables.transactions import Action, RunCommand


class UnknownGround(InvalidInput):
    """No law that holds for the request knows this ground for refusing it."""

    code = "unknown_ground"

    def __init__(self) -> None:
        super().__init__(FieldError("ground", "unknown_ground"))


_REASONS: Mapping[ExtensionReason, Mapping[Language, str]] = {
    ExtensionReason.COMPLEXITY: {
        "en": "it is complex",
        "id": "permintaan ini rumit",
    },
    ExtensionReason.NUMBER: {
        "en": "there are many requests",
        "id": "jumlah permintaan banyak",
    },
}


class Handling:
    """Changes requests by decision of a member of the staff, each with its entry in the trail."""

    def __init__(
        self,
        book: RequestBook,
        outbox: Outbox,
        clock: Clock,
        idempotency: Idempotency,
        run_command: RunCommand,
    ) -> None:
        self._book = book
        self._outbox = outbox
        self._clock = clock
        self._idempotency = idempotency
        self._run_command = run_command

    def read(self, request_id: str, staff_id: str) -> DataRequest:
        """The request with all that may be read of it; that it was read is in the trail first.

        Raises `UnknownRequest`.
        """
        who, facts = Actor("staff", staff_id), {"permission": "requests.read"}
        self._run_command(
            lambda: self._book.entry(self._book.get(request_id), who, "personal_data.read", facts)
        )
        return self._book.readable(self._book.get(request_id))

    def extend(
        self,
        request_id: str,
        staff_id: str,
        reason: ExtensionReason,
        call: KeyedCall | None = None,
    ) -> DataRequest:
        """Takes the extension that the laws know, and tells the person so with the reason.

        Raises `LawKnowsNone`, `ImpossibleNow` once it is extended, ended, or the moment passed by
        which the person had to be told (GDPR 12(3)).
        """

        def change(request: DataRequest) -> DataRequest:
            if request.extended or request.status not in LIVING:
                raise ImpossibleNow
            return extended(request, self._clock.now())

        request = self._book.get(request_id)
        return self._decide(
            request_id,
            staff_id,
            call,
            "request.extended",
            change,
            facts={"reason": reason.value},
            template="request_extended",
            values={"reason": _REASONS[reason][request.content.language]},
        )

    def pause(
        self,
        request_id: str,
        staff_id: str,
        reason: PauseReason,
        call: KeyedCall | None = None,
    ) -> DataRequest:
        """Begins to wait for the person: for a clarification, or the proof of their identity.

        Both dates stand beside each other, and alerts follow the one without the wait. Raises
        `LawKnowsNone`, `ImpossibleNow` while it waits already.
        """

        def change(request: DataRequest) -> DataRequest:
            if request.paused_since is not None or request.status not in LIVING:
                raise ImpossibleNow
            if not knows_pause(request, reason):
                raise LawKnowsNone
            return replace(request, paused_since=self._clock.now(), pause_for=reason.value)

        return self._decide(
            request_id,
            staff_id,
            call,
            "request.paused",
            change,
            facts={"reason": reason.value},
            template="request_paused",
        )

    def resume(self, request_id: str, staff_id: str, call: KeyedCall | None = None) -> DataRequest:
        """Ends the wait: the dates move by it where the law says so. Raises `ImpossibleNow`."""

        def change(request: DataRequest) -> DataRequest:
            if request.status not in LIVING:
                raise ImpossibleNow
            if request.paused_since is None or request.pause_for is None:
                raise ImpossibleNow
            wait = Pause(PauseReason(request.pause_for), request.paused_since, self._clock.now())
            return resumed(request, wait)

        return self._decide(request_id, staff_id, call, "request.resumed", change)

    def refuse(
        self, request_id: str, staff_id: str, ground: str, call: KeyedCall | None = None
    ) -> DataRequest:
        """Refuses on a ground of a law that holds for the request: `id/safety` (UU PDP 33).

        The person is told the ground, its article, and that they may appeal. Raises
        `UnknownGround`, `ImpossibleNow`.
        """
        request = self._book.get(request_id)
        cited = citations(request).get(ground)
        if cited is None:
            raise UnknownGround

        def change(current: DataRequest) -> DataRequest:
            check_decider(current, staff_id)
            if current.status is Status.REFUSED:
                raise ImpossibleNow  # a decision that was told stands until it is appealed
            refused = moved(current, Event.REFUSED)
            closing = Closing(self._clock.now(), (ground,))
            return replace(refused, decided_by=staff_id, closing=closing)

        return self._decide(
            request_id,
            staff_id,
            call,
            "request.refused",
            change,
            facts={"ground": ground},
            template="request_refused",
            values={"ground": cited.words(request.content.language)},
        )

    def _decide(
        self,
        request_id: str,
        staff_id: str,
        call: KeyedCall | None,
        action: str,
        change: Callable[[DataRequest], DataRequest],
        *,
        facts: Mapping[str, Fact] | None = None,
        template: str | None = None,
        values: Mapping[str, str] | None = None,
    ) -> DataRequest:
        def build() -> list[Action]:
            current = self._book.get(request_id)
            request = change(current)
            ended = self._book.close(current) if request.status not in LIVING else []
            mail = letter(self._outbox, request, template, **(values or {})) if template else None
            if mail is not None:
                request = replace(request, messages=(*request.messages, mail.message_id))
            return [
                *(mail.actions if mail else []),
                *ended,
                *self._book.change(request, Actor("staff", staff_id), action, facts),
            ]

        if self._idempotency.earlier(call) is None:
            self._idempotency.run(call, {}, build)
        return self._book.get(request_id)


class SameDecider(Conflict):
    """It takes somebody else: who decided before hears no appeal, and who took a request in or
    checked whose it is has nothing done on the strength of that."""

    code = "same_decider"


def check_decider(request: DataRequest, staff_id: str) -> None:
    """Raises `SameDecider` when `staff_id` made the decision that the appeal is against."""
    if request.appealed and request.appealed_against == staff_id:
        raise SameDecider


def check_second_person(request: DataRequest, staff_id: str) -> None:
    """As `check_decider`, and when `staff_id` took the request in or checked whose it is."""
    check_decider(request, staff_id)
    if staff_id in {request.taken_in_by, request.checked_by}:
        raise SameDecider

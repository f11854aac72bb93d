"""Appeals: somebody else decides once more (`Handling.refuse`, `Deciding.approve`)."""

from dataclasses import replace

from chalicelib.audit.entry import Actor
from chalicelib.requests.book import RequestBook
from chalicelib.requests.models import DataRequest
from chalicelib.requests.opening import Opening
from chalicelib.requests.register import Register
from chalicelib.requests.rules import LIVING, Event, ImpossibleNow, moved
from chalicelib.requests.service import Requests
from chalicelib.tables.transactions import Action, RunCommand


class Appealing:
    """Opens requests again that were refused, or carried out in part."""

    def __init__(
        self,
        requests: Requests,
        book: RequestBook,
        register: Register,
        opening: Opening,
        run_command: RunCommand,
    ) -> None:
        self._requests = requests
        self._book = book
        self._register = register
        self._opening = opening
        self._run_command = run_command

    def appeal(self, request_id: str, caller: str) -> DataRequest:
        """Opens the request again, once; one that is under appeal stays so. Its dates stand.

        Raises `UnknownRequest`; `ImpossibleNow` for one that was not decided, that was appealed
        before, whose person was erased, or beside which the same was asked for anew.
        """
        request = self._requests.look(request_id, caller)
        if request.appealed and request.status in LIVING:
            return request
        self._run_command(lambda: self._appealed(request_id, caller))
        return self._book.get(request_id)

    def _appealed(self, request_id: str, caller: str) -> list[Action]:
        # What is over is not brought back: its reader and its sweep would disagree.
        request = self._book.readable(self._book.get(request_id))
        again = replace(
            moved(request, Event.APPEALED), closing=None, appealed_against=request.decided_by
        )
        if request.forgotten or request.subject_id is None:
            raise ImpossibleNow
        kind = self._register.kind_of(request)
        if self._register.living(request.subject_id, kind) is not None:
            raise ImpossibleNow
        opened = replace(again, open_as=kind)
        who = Actor.parse(caller.replace("request/", "requester/"))
        return [
            *self._opening.open_actions(opened),
            *self._book.reopen(opened),
            *self._book.change(opened, who, "request.appealed"),
        ]

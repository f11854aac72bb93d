"""Requests and their chains in the trail: every change of a request with its entry."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Protocol

from chalicelib.audit.entry import Actor, Entity, Fact
from chalicelib.audit.trail import Trail
from chalicelib.errors import NotFound
from chalicelib.requests.mandates import USER_ID
from chalicelib.requests.models import Content, DataRequest
from chalicelib.requests.rules import LIVING
from chalicelib.requests.store import FORGOTTEN, RequestStore
from chalicelib.requests.tracking import is_request_id
from chalicelib.tables.transactions import Action


class UnknownRequest(NotFound):
    """No such request, or none that this caller may know of."""

    code = "unknown_request"


type News = Callable[[DataRequest], list[Action]]
"""Makes the writes that tell the partners who brought it what became of a request."""

type Over = Callable[[Collection[str]], set[str]]
"""Which of some ended requests' time is over, by their ids. Two reads."""


class Keeping(Protocol):
    """Knows how long what requests said is kept once they have ended."""

    def request_closed(self, request_id: str, user_id: str, copy: str) -> list[Action]:
        """The writes that note that the request ends now, and that `copy` is released with it."""
        ...

    def request_reopened(self, request_id: str) -> list[Action]:
        """The writes that note that it has not ended after all."""
        ...


class RequestBook:
    """Reads requests, and makes the writes that change them."""

    def __init__(
        self, store: RequestStore, trail: Trail, news: News, keeping: Keeping, over: Over
    ) -> None:
        self._store = store
        self._trail = trail
        self._news = news
        self._keeping = keeping
        self._over = over

    def find(self, request_id: str) -> DataRequest | None:
        """The request, read consistently, or None."""
        return self._store.get(request_id) if is_request_id(request_id) else None

    def get(self, request_id: str) -> DataRequest:
        """The request, read consistently. Raises `UnknownRequest`."""
        request = self.find(request_id)
        if request is None:
            raise UnknownRequest
        return request

    def readable(self, request: DataRequest) -> DataRequest:
        """`request` for whoever reads it: once its time is over without what it said, as if that
        were forgotten already, and one that joined another with that one's.

        Not to be written. One that has not ended costs no read.
        """
        if request.forgotten or request.status in LIVING:
            return request
        if not self._over({request.request_id, request.joined_to or request.request_id}):
            return request
        nothing = Content("", request.content.language)
        return replace(request, content=nothing, messages=(), requester="", forgotten=True)

    def change(
        self,
        request: DataRequest,
        who: Actor,
        action: str,
        facts: Mapping[str, Fact] | None = None,
    ) -> list[Action]:
        """The writes of the changed `request`, of its entry and its news, for one transaction.

        They meet `Moved` when somebody changed it since it was read. Call it inside the `build` of
        `run_command`.
        """
        return [self._store.change_action(request), *self._told(request, who, action, facts)]

    def forget(
        self,
        request: DataRequest,
        who: Actor,
        action: str,
        facts: Mapping[str, Fact] | None = None,
        rule: str = FORGOTTEN,
    ) -> list[Action]:
        """As `change`, for a `request` whose content is forgotten with it, in a rule's name.

        Call the store's `forget` after they went through.
        """
        return [*self._store.erase_actions(request, rule), *self._told(request, who, action, facts)]

    def news(self, request: DataRequest) -> list[Action]:
        """The writes that tell partners of the changed `request`; `change` has them already."""
        return self._news(request)

    def end(self, request: DataRequest) -> list[Action]:
        """The writes that belong to the end of `request`, as it stood, beside its change, where
        what it said is forgotten with it."""
        return self._store.end_actions(request)

    def close(self, request: DataRequest, copy: str = "") -> list[Action]:
        """As `end`, where what it said is kept from now on for as long as closed requests are.

        `copy` is the id of the archive that is released with it.
        """
        user_id = request.content.identities.get(USER_ID, "")
        return [
            *self.end(request),
            *self._keeping.request_closed(request.request_id, user_id, copy),
        ]

    def reopen(self, request: DataRequest) -> list[Action]:
        """The writes that belong to an ended request that opens again, beside its change."""
        return self._keeping.request_reopened(request.request_id)

    def entry(
        self,
        request: DataRequest,
        who: Actor,
        action: str,
        facts: Mapping[str, Fact] | None = None,
    ) -> list[Action]:
        """The writes of an entry alone."""
        return self._trail.actions(request_entity(request.request_id), who, action, facts or {})

    def _told(
        self, request: DataRequest, who: Actor, action: str, facts: Mapping[str, Fact] | None
    ) -> list[Action]:
        return [*self.news(request), *self.entry(request, who, action, facts)]


def request_entity(request_id: str) -> Entity:
    """The request's chain in the trail."""
    return Entity("request", request_id)

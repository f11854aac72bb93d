"""Requests that the client platform makes for its users, for whose identity it vouches."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from chalicelib.audit.entry import Actor
from chalicelib.clock import Clock
from chalicelib.errors import Conflict, DomainError, InvalidInput, NotFound, Unavailable
from chalicelib.idempotency.models import KeyedCall
from chalicelib.identity.subjects import Subjects
from chalicelib.requests.arrivals import Arrivals, Prepared
from chalicelib.requests.contents import content_to_json
from chalicelib.requests.mandates import USER_ID, identifiers
from chalicelib.requests.models import (
    Accepted,
    Arrival,
    ClientUser,
    Content,
    DataRequest,
    RequestType,
    Source,
)
from chalicelib.requests.opening import Opening

type Row = Accepted | DomainError
"""What became of one user's request: taken in, or why not."""


class ClientIntake:
    """Takes in one request for each of many users."""

    def __init__(
        self, arrivals: Arrivals, subjects: Subjects, opening: Opening, clock: Clock
    ) -> None:
        self._arrivals = arrivals
        self._subjects = subjects
        self._opening = opening
        self._clock = clock

    def take_in(
        self,
        type_: RequestType,
        common: Content,
        users: Sequence[ClientUser],
        client_id: str,
        call: KeyedCall | None,
    ) -> Iterator[Row]:
        """Opens a request for each of `users`, or lets it join; a transaction each.

        `common` is what is said for all of them. One that is refused holds up none of the others.
        A repeat of `call`, also one that was cut off, does what is missing and is told of the rest:
        the key counts for each user by itself.
        """
        for user in users:
            identities = {USER_ID: user.user_id} if user.user_id else {}
            content = replace(common, email=user.email, identities=identities)
            arrival = Arrival(
                type_,
                content,
                Source.PLATFORM,
                self._clock.now(),
                submitter=f"{Source.PLATFORM.value}/{client_id}",
            )
            try:
                yield self._take_in(arrival, client_id, call and _of_user(call, arrival))
            except (Conflict, InvalidInput, NotFound, Unavailable) as refusal:
                yield refusal

    def _take_in(self, arrival: Arrival, client_id: str, call: KeyedCall | None) -> Accepted:
        who = Actor("platform", client_id)

        def prepare(received: DataRequest) -> Prepared:
            content = received.content
            subject_id, new_subject = self._subjects.vouched_for(
                identifiers(content), content.language, who
            )
            settled = self._opening.settle(received, subject_id, who, "platform")
            writes = [*new_subject, *settled.actions]
            return Prepared(settled.request, who, settled.facts, writes)

        return self._arrivals.take_in(arrival, call, prepare)


def _of_user(call: KeyedCall, arrival: Arrival) -> KeyedCall:
    """The call as far as it is about one user: whose key and request are that user's alone."""
    content = arrival.content
    key = json.dumps([call.key, content.email, content.identities.get(USER_ID)])
    request = json.dumps([arrival.type.value, content_to_json(content).decode()])
    return replace(call, key=key, request=request)

"""Enumerating what a place holds, for the staff."""

from typing import TYPE_CHECKING

from chalicelib.clock import rfc3339
from chalicelib.http.access import Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.retention.enumerating.wire import EnumerateIn, EnumerationView
from chalicelib.retention.records.wire import RECORD_PATTERN
from chalicelib.services import services

if TYPE_CHECKING:
    from chalicelib.retention.enumerating.models import Enumeration

_ENUMERATIONS = "/v1/staff/retention/enumerations"

enumerations = Routes(__name__)


@enumerations.operation(
    Operation(
        "POST",
        _ENUMERATIONS,
        "Register what a collection of a place holds",
        EnumerationView,
        body=EnumerateIn,
        statuses=(202,),
        description="Reads the collection as the data map says under `retention`, and registers row"
        " after row. While that is at work a repeat changes nothing. Every week after it is done"
        " anew by itself.",
        access=Staff("retention.enumerate"),
    )
)
def begin_enumeration(call: Call[EnumerateIn]) -> Reply:
    body = call.body
    begun = services().enumerations.begin(body.place, body.collection, call.caller.id)
    return Reply(_view(begun), 202)


@enumerations.operation(
    Operation(
        "GET",
        _ENUMERATIONS + "/{enumeration_id}",
        "How far an enumeration has come",
        EnumerationView,
        parameters={"enumeration_id": {"type": "string", "pattern": RECORD_PATTERN}},
        access=Staff("retention.read"),
        exact_path=True,
    )
)
def show_enumeration(_call: Call[None], enumeration_id: str) -> Reply:
    return Reply(_view(services().enumerations.show(enumeration_id)))


def _view(enumeration: "Enumeration") -> EnumerationView:
    counts, ended_at, look_at = enumeration.counts, enumeration.ended_at, enumeration.look_at
    return EnumerationView(
        enumeration_id=enumeration.enumeration_id,
        place=enumeration.place,
        collection=enumeration.collection,
        stage=enumeration.stage.value,
        begun_at=rfc3339(enumeration.begun_at),
        ended_at=rfc3339(ended_at) if ended_at else None,
        created=counts.get("created", 0),
        updated=counts.get("updated", 0),
        unchanged=counts.get("unchanged", 0),
        refused=dict(enumeration.refused),
        problem=enumeration.problem or None,
        next_at=rfc3339(look_at) if look_at else None,
    )

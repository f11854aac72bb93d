"""What the client platform registers under retention, and asks before it reads it."""

from chalicelib.clock import rfc3339
from chalicelib.http.access import Platform
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.retention.records.models import Facts, Registration
from chalicelib.retention.records.views import readable_view, record_view, registered_view
from chalicelib.retention.records.wire import (
    MAX_BODY_BYTES,
    RECORD_PATTERN,
    PlacesIn,
    ReadableList,
    RecordIn,
    RecordsIn,
    RecordView,
    RegisteredList,
)
from chalicelib.retention.schedule.models import Role
from chalicelib.services import services

_RECORDS = "/v1/records"

held_records = Routes(__name__)


@held_records.operation(
    Operation(
        "POST",
        _RECORDS,
        "Register what is held",
        RegisteredList,
        body=RecordsIn,
        longest=MAX_BODY_BYTES,
        description="Up to 100 records; a repeat changes nothing. A record that is known already"
        " gets the triggers that are named now, and its end anew. What speaks against one keeps"
        " out none of the others.",
        access=Platform("records:write"),
    )
)
def register_records(call: Call[RecordsIn]) -> Reply:
    told = [_registration(each) for each in call.body.records]
    registered = services().held_records.register(told, call.caller.id)
    return Reply(RegisteredList(records=tuple(map(registered_view, registered))))


@held_records.operation(
    Operation(
        "POST",
        _RECORDS + "/check",
        "May it still be read?",
        ReadableList,
        body=PlacesIn,
        longest=MAX_BODY_BYTES,
        description="From the millisecond of its end on, data is not readable, whenever it is"
        " deleted. What nobody registered has no end.",
        access=Platform("records:write"),
    )
)
def check_records(call: Call[PlacesIn]) -> Reply:
    here = services()
    standings = here.held_records.look_up([each.at() for each in call.body.records])
    now = here.clock.now()
    views = tuple(readable_view(each, now) for each in standings)
    return Reply(ReadableList(as_of=rfc3339(now), records=views))


@held_records.operation(
    Operation(
        "GET",
        _RECORDS + "/{record_id}",
        "A record, its end and the reasons",
        RecordView,
        parameters={"record_id": {"type": "string", "pattern": RECORD_PATTERN}},
        access=Platform("records:write"),
        exact_path=True,
    )
)
def show_record(_call: Call[None], record_id: str) -> Reply:
    here = services()
    return Reply(record_view(here.held_records.show(record_id), here.clock.now()))


def _registration(told: RecordIn) -> Registration:
    facts = Facts(
        told.category,
        Role(told.role),
        told.client or "",
        services().token_of_user(told.user_id) if told.user_id else "",
        told.case or "",
    )
    return Registration(told.at(), facts, told.triggers.moments())

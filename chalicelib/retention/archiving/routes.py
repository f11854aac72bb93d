"""What was archived, for the staff."""

from typing import TYPE_CHECKING

from chalicelib.clock import rfc3339
from chalicelib.http.access import Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.retention.archiving.wire import ArchivedView
from chalicelib.retention.records.wire import RECORD_PATTERN
from chalicelib.services import services

if TYPE_CHECKING:
    from chalicelib.retention.archiving.service import Reading

archive = Routes(__name__)


@archive.operation(
    Operation(
        "GET",
        "/v1/staff/archive/{record_id}",
        "Read what was archived",
        ArchivedView,
        description="Each reading leaves an entry in the record's trail. Nothing can be read any"
        " more from the millisecond of its end on.",
        parameters={"record_id": {"type": "string", "pattern": RECORD_PATTERN}},
        access=Staff("archive.read"),
        exact_path=True,
    )
)
def read_archived(call: Call[None], record_id: str) -> Reply:
    return Reply(_view(services().archive.read(record_id, call.caller.id)))


def _view(reading: "Reading") -> ArchivedView:
    record, kept = reading.record, reading.kept
    return ArchivedView(
        record_id=record.record_id,
        place=record.at.place,
        collection=record.at.collection,
        category=record.facts.category,
        rule=kept.rule,
        archived_at=rfc3339(kept.since),
        archived_until=rfc3339(kept.until),
        rows=tuple(map(dict, reading.rows)),
    )

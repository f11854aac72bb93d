"""Consents as the staff sees them: proved to an auditor, and set free again."""

from chalicelib.consents.views import record_view, shown_texts
from chalicelib.consents.wire import (
    PURPOSE_PATTERN,
    SUBJECT_PATTERN,
    ConsentHistory,
    RestrictionLifted,
)
from chalicelib.http.access import Staff
from chalicelib.http.paging import page_asked
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.services import services

_SUBJECT = {"subject_id": {"type": "string", "pattern": SUBJECT_PATTERN}}
_READ = "consents.read"

staff_consents = Routes(__name__)


@staff_consents.operation(
    Operation(
        "GET",
        "/v1/staff/subjects/{subject_id}/consents/{purpose}",
        "The history of a consent, with the very texts that were shown",
        ConsentHistory,
        query=("limit", "cursor"),
        description="Shows personal data: each reading leaves an entry in the subject's trail. The"
        " consent's own chain is `consent/<subject id>.<purpose>`.",
        parameters={**_SUBJECT, "purpose": {"type": "string", "pattern": PURPOSE_PATTERN}},
        access=Staff(_READ),
        exact_path=True,
    )
)
def show_history(call: Call[None], subject_id: str, purpose: str) -> Reply:
    here, listing = services(), f"consents/{subject_id}/{purpose}"
    asked = page_asked(call.query, listing, here.cursors)
    here.subjects.read_by_staff(subject_id, call.caller.id, _READ)
    events, last = here.consents.history(subject_id, purpose, asked.limit, asked.start)
    return Reply(
        ConsentHistory(
            subject_id=subject_id,
            records=tuple(map(record_view, events)),
            texts=shown_texts(events, here.directory),
            cursor=here.cursors.encode(listing, last) if last else None,
        )
    )


@staff_consents.operation(
    Operation(
        "POST",
        "/v1/staff/subjects/{subject_id}/restriction/lift",
        "Allow the use of a person's data again",
        RestrictionLifted,
        description="Ends a restriction. The person has to be told before (GDPR 18(3)).",
        parameters=_SUBJECT,
        access=Staff("requests.approve"),
        exact_path=True,
    )
)
def lift_restriction(call: Call[None], subject_id: str) -> Reply:
    services().obeying.lift_restriction(subject_id, call.caller.id)
    return Reply(RestrictionLifted(subject_id=subject_id))


@staff_consents.operation(
    Operation(
        "POST",
        "/v1/staff/subjects/{subject_id}/objection/lift",
        "Allow again what rests on a legitimate interest",
        RestrictionLifted,
        description="Ends an objection that was overridden or taken back (GDPR 21(1)).",
        parameters=_SUBJECT,
        access=Staff("requests.approve"),
        exact_path=True,
    )
)
def lift_objection(call: Call[None], subject_id: str) -> Reply:
    services().obeying.lift_objection(subject_id, call.caller.id)
    return Reply(RestrictionLifted(subject_id=subject_id))

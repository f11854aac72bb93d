"""One's own consents."""

from typing import Literal

from chalicelib.consents.models import Decision
from chalicelib.consents.views import attached_view, own_view, record_view
from chalicelib.consents.wire import (
    PURPOSE_PATTERN,
    SUBJECT_PATTERN,
    AttachedView,
    BrowserIn,
    DecisionIn,
    DecisionRecorded,
    Detached,
    OwnConsents,
    ReceiptOut,
    RecordList,
)
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.http.access import Person
from chalicelib.http.paging import page_asked
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.identity.models import SELF
from chalicelib.identity.routes import find_person
from chalicelib.services import services

_CONSENTS = "/v1/consents"
_PURPOSE = {"purpose": {"type": "string", "pattern": PURPOSE_PATTERN}}
_RECORD = {**_PURPOSE, "record_id": {"type": "string", "pattern": SUBJECT_PATTERN}}
_ME = Person(SELF)

own_consents = Routes(__name__, find_person=find_person)


@own_consents.operation(Operation("GET", _CONSENTS, "One's own consents", OwnConsents, access=_ME))
def show_consents(call: Call[None]) -> Reply:
    here = services()
    standing = here.consents.standing(call.caller.id)
    return Reply(
        own_view(standing, here.consent_asking.of(standing), here.attaching.of(call.caller.id))
    )


@own_consents.operation(
    Operation(
        "POST",
        _CONSENTS + "/preferences",
        "Attach the cookie choices of the browser in front of oneself",
        AttachedView,
        body=BrowserIn,
        statuses=(201,),
        description="Nothing else attaches a browser to somebody.",
        access=_ME,
    )
)
def attach_browser(call: Call[BrowserIn]) -> Reply:
    attached = services().attaching.attach(call.caller.id, call.body.site, call.body.visitor_id)
    return Reply(attached_view(attached), 201)


@own_consents.operation(
    Operation(
        "DELETE",
        _CONSENTS + "/preferences/{attachment_id}",
        "Detach a browser",
        Detached,
        parameters={"attachment_id": {"type": "string", "pattern": "^[0-9a-f]{32}$"}},
        access=_ME,
        exact_path=True,
    )
)
def detach_browser(call: Call[None], attachment_id: str) -> Reply:
    services().attaching.detach(call.caller.id, attachment_id)
    return Reply(Detached(attachment_id=attachment_id))


@own_consents.operation(
    Operation(
        "PUT",
        _CONSENTS + "/{purpose}",
        "Give, refuse or withdraw consent",
        DecisionRecorded,
        body=DecisionIn,
        statuses=(200, 201),
        description="To say the same again changes nothing. A yes is to a text in force or coming,"
        " in the language in which it was read. A withdrawal counts at once: the gate refuses, and"
        " processors have 72 hours to stop (UU PDP 40).",
        parameters=_PURPOSE,
        access=_ME,
        idempotent=True,
        exact_path=True,
    )
)
def decide(call: Call[DecisionIn], purpose: str) -> Reply:
    here, body = services(), call.body
    recorded = here.consents.decide(
        call.caller.id,
        purpose,
        Decision(body.state),
        (body.notice_sha256, body.language),
        body.evidence(),
        call.keyed,
    )
    receipt = here.receipts.dpv(recorded.event).signed
    answer = DecisionRecorded(record=record_view(recorded.event), receipt=receipt)
    return Reply(answer, 201 if recorded.created else 200)


@own_consents.operation(
    Operation(
        "GET",
        _CONSENTS + "/{purpose}",
        "All records of one's consent, the newest first",
        RecordList,
        query=("limit", "cursor"),
        parameters=_PURPOSE,
        access=_ME,
        exact_path=True,
    )
)
def show_records(call: Call[None], purpose: str) -> Reply:
    here, listing = services(), f"consents/{call.caller.id}/{purpose}"
    asked = page_asked(call.query, listing, here.cursors)
    events, last = here.consents.history(call.caller.id, purpose, asked.limit, asked.start)
    return Reply(
        RecordList(
            records=tuple(map(record_view, events)),
            cursor=here.cursors.encode(listing, last) if last else None,
        )
    )


@own_consents.operation(
    Operation(
        "GET",
        _CONSENTS + "/{purpose}/{record_id}/receipt",
        "The receipt of one record",
        ReceiptOut,
        query=("format",),
        description="`dpv` (the default): JSON-LD in the W3C DPV profile of ISO/IEC TS 27560;"
        " `kantara`: Kantara consent receipt 1.1. Signed each time anew, with the same content.",
        parameters={**_RECORD, "format": {"type": "string", "enum": ["dpv", "kantara"]}},
        access=_ME,
        exact_path=True,
    )
)
def show_receipt(call: Call[None], purpose: str, record_id: str) -> Reply:
    here = services()
    event = here.consents.get(call.caller.id, purpose, record_id)
    form = _receipt_format(call.query.get("format", "dpv"))
    made = here.receipts.dpv(event) if form == "dpv" else here.receipts.kantara(event)
    return Reply(ReceiptOut(format=form, receipt=made.signed, content=dict(made.content)))


def _receipt_format(text: str) -> Literal["dpv", "kantara"]:
    if text not in {"dpv", "kantara"}:
        raise InvalidInput(FieldError("format", "not_allowed"))
    return "kantara" if text == "kantara" else "dpv"

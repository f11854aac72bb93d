"""Notices of an incident, for the staff."""

from chalicelib.http.access import Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.incidents.models import ID_PATTERN
from chalicelib.incidents.notices.describing import notice_line, notice_view
from chalicelib.incidents.notices.views import (
    FORMATS,
    asked_from,
    document_view,
    notice_list,
    preview_view,
    proof_view,
    told_from,
)
from chalicelib.incidents.notices.wire import (
    MAX_BODY_BYTES,
    MAX_FILING_BYTES,
    FileView,
    FilingIn,
    NoticeIn,
    NoticeLine,
    NoticeList,
    NoticeView,
    PreviewView,
)
from chalicelib.services import services

_NOTICES = "/v1/staff/incidents/{incident_id}/notices"
_NOTICE = _NOTICES + "/{notice_id}"
_ID = {"type": "string", "pattern": ID_PATTERN}
_OF_INCIDENT = {"incident_id": _ID}
_OF_NOTICE = {"incident_id": _ID, "notice_id": _ID}
_READ, _HANDLE, _APPROVE = (
    Staff("incidents.read"),
    Staff("incidents.handle"),
    Staff("incidents.approve"),
)

breach_notices = Routes(__name__)


@breach_notices.operation(
    Operation(
        "POST",
        _NOTICES + "/preview",
        "What a notice would say now, and what it lacks",
        PreviewView,
        body=NoticeIn,
        longest=MAX_BODY_BYTES,
        description="Stores nothing. Each preview leaves an entry in the incident's trail.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=_READ,
    )
)
def preview_notice(call: Call[NoticeIn], incident_id: str) -> Reply:
    asked = asked_from(call.body)
    return Reply(
        preview_view(services().breach_notices.preview(incident_id, asked, call.caller.id))
    )


@breach_notices.operation(
    Operation(
        "POST",
        _NOTICES,
        "Propose a notice",
        NoticeLine,
        body=NoticeIn,
        longest=MAX_BODY_BYTES,
        statuses=(201,),
        description="Freezes its texts as the facts are now. Refused while it lacks what the law"
        " wants in it (UU PDP 46(2), GDPR 33(3), 34(2)): `errors` name the facts.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=_HANDLE,
        idempotent=True,
    )
)
def propose_notice(call: Call[NoticeIn], incident_id: str) -> Reply:
    asked = asked_from(call.body)
    made = services().breach_notices.propose(incident_id, asked, call.caller.id, call.keyed)
    return Reply(notice_line(made), 201)


@breach_notices.operation(
    Operation(
        "GET",
        _NOTICES,
        "The notices of an incident",
        NoticeList,
        description="Withdrawn ones too; not what they say.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=Staff("incidents.list"),
    )
)
def list_notices(_: Call[None], incident_id: str) -> Reply:
    return Reply(notice_list(services().breach_notices.listed(incident_id)))


@breach_notices.operation(
    Operation(
        "GET",
        _NOTICE,
        "A notice with its texts, and how it was filed",
        NoticeView,
        description="Each reading leaves an entry in the incident's trail.",
        parameters=_OF_NOTICE,
        exact_path=True,
        access=_READ,
    )
)
def read_notice(call: Call[None], incident_id: str, notice_id: str) -> Reply:
    here = services()
    notice = here.breach_notices.read(incident_id, notice_id, call.caller.id)
    return Reply(notice_view(notice, here.notice_filings.of(notice)))


@breach_notices.operation(
    Operation(
        "GET",
        _NOTICE + "/document",
        "A notice as a document to be filed",
        FileView,
        query=("format",),
        description="Both languages, self-contained. Each reading leaves an entry in the trail.",
        parameters={**_OF_NOTICE, "format": {"type": "string", "enum": list(FORMATS)}},
        exact_path=True,
        access=_READ,
    )
)
def read_document(call: Call[None], incident_id: str, notice_id: str) -> Reply:
    notice = services().breach_notices.read(incident_id, notice_id, call.caller.id)
    return Reply(document_view(notice, call.query.get("format", "pdf")))


@breach_notices.operation(
    Operation(
        "POST",
        _NOTICE + "/approve",
        "Approve a notice that somebody else proposed",
        NoticeLine,
        description="Who is told one by one is told from now on; a notice to the authority or the"
        " public is ready to be filed. Refused if it has become late and does not say why.",
        parameters=_OF_NOTICE,
        exact_path=True,
        access=_APPROVE,
        idempotent=True,
    )
)
def approve_notice(call: Call[None], incident_id: str, notice_id: str) -> Reply:
    services().breach_notices.approve(incident_id, notice_id, call.caller.id, call.keyed)
    return _shown(incident_id, notice_id)


@breach_notices.operation(
    Operation(
        "POST",
        _NOTICE + "/withdraw",
        "Say that a notice is not to be given",
        NoticeLine,
        description="A proposed one, or one to the authority or the public that was approved and"
        " not filed yet. It stays listed.",
        parameters=_OF_NOTICE,
        exact_path=True,
        access=_HANDLE,
        idempotent=True,
    )
)
def withdraw_notice(call: Call[None], incident_id: str, notice_id: str) -> Reply:
    services().breach_notices.withdraw(incident_id, notice_id, call.caller.id, call.keyed)
    return _shown(incident_id, notice_id)


@breach_notices.operation(
    Operation(
        "POST",
        _NOTICE + "/filing",
        "Note that a notice was filed, with proof",
        NoticeLine,
        body=FilingIn,
        longest=MAX_FILING_BYTES,
        description="The duties that the notice covers are done at that moment. The proof is kept"
        " sealed and cannot be changed.",
        parameters=_OF_NOTICE,
        exact_path=True,
        access=_HANDLE,
        idempotent=True,
    )
)
def file_notice(call: Call[FilingIn], incident_id: str, notice_id: str) -> Reply:
    told = told_from(call.body)
    services().notice_filings.file(incident_id, notice_id, told, call.caller.id, call.keyed)
    return _shown(incident_id, notice_id)


@breach_notices.operation(
    Operation(
        "GET",
        _NOTICE + "/proof",
        "The proof that a notice was filed",
        FileView,
        description="Each reading leaves an entry in the incident's trail.",
        parameters=_OF_NOTICE,
        exact_path=True,
        access=_READ,
    )
)
def read_proof(call: Call[None], incident_id: str, notice_id: str) -> Reply:
    return Reply(
        proof_view(*services().notice_filings.proof(incident_id, notice_id, call.caller.id))
    )


def _shown(incident_id: str, notice_id: str) -> Reply:
    return Reply(notice_line(services().breach_notices.seen(incident_id, notice_id)))

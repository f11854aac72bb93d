"""Telling whom an incident affects, for the staff: opaque ids and outcomes, no addresses."""

from typing import Any

from chalicelib.http.access import Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.incidents.models import ID_PATTERN
from chalicelib.incidents.telling.models import RECIPIENT_PATTERN, Means, Otherwise, PublicWord
from chalicelib.incidents.telling.views import (
    OUTCOMES,
    ledger_line,
    ledger_page,
    telling_line,
    telling_view,
)
from chalicelib.incidents.telling.wire import (
    MAX_BODY_BYTES,
    BreachTellingView,
    LedgerLine,
    LedgerPage,
    TellingLine,
    ToldIn,
    ToldPubliclyIn,
)
from chalicelib.services import services

_NOTICE = "/v1/staff/incidents/{incident_id}/notices/{notice_id}"
_OF_NOTICE: dict[str, dict[str, Any]] = {
    "incident_id": {"type": "string", "pattern": ID_PATTERN},
    "notice_id": {"type": "string", "pattern": ID_PATTERN},
}
_OF_RECIPIENT = {**_OF_NOTICE, "recipient_id": {"type": "string", "pattern": RECIPIENT_PATTERN}}
_OF_LEDGER = {**_OF_NOTICE, "outcome": {"type": "string", "enum": OUTCOMES}}
_LIST, _HANDLE = Staff("incidents.list"), Staff("incidents.handle")

breach_tellings = Routes(__name__)


@breach_tellings.operation(
    Operation(
        "GET",
        _NOTICE + "/telling",
        "How far it is to tell all who are affected, and how many have each outcome",
        BreachTellingView,
        description="Counted line by line: take it for a proof, not for a poll.",
        parameters=_OF_NOTICE,
        access=_LIST,
        exact_path=True,
    )
)
def show_breach_telling(_: Call[None], incident_id: str, notice_id: str) -> Reply:
    services().incident_book.check_time(incident_id)
    return Reply(telling_view(services().breach_ledger, incident_id, notice_id))


@breach_tellings.operation(
    Operation(
        "GET",
        _NOTICE + "/ledger",
        "Who was told of a notice, when, and what became of it",
        LedgerPage,
        query=("limit", "cursor", "outcome"),
        description="With `outcome` only those lines; a page may be short then, and have a cursor.",
        parameters=_OF_LEDGER,
        access=_LIST,
        exact_path=True,
    )
)
def show_breach_ledger(call: Call[None], incident_id: str, notice_id: str) -> Reply:
    here = services()
    here.incident_book.check_time(incident_id)
    page = ledger_page(here.breach_ledger, here.cursors, incident_id, notice_id, call.query)
    return Reply(page)


@breach_tellings.operation(
    Operation(
        "POST",
        _NOTICE + "/tell-rest",
        "Tell those too who were put on the list of the affected since",
        TellingLine,
        description="Nobody is told twice.",
        parameters=_OF_NOTICE,
        access=_HANDLE,
        idempotent=True,
        exact_path=True,
    )
)
def tell_rest(call: Call[None], incident_id: str, notice_id: str) -> Reply:
    services().telling_desk.tell_rest(incident_id, notice_id, call.caller.id, call.keyed)
    return _shown(incident_id, notice_id)


@breach_tellings.operation(
    Operation(
        "POST",
        _NOTICE + "/recipients/{recipient_id}/told",
        "Note by which other means somebody was told",
        LedgerLine,
        body=ToldIn,
        longest=MAX_BODY_BYTES,
        parameters=_OF_RECIPIENT,
        access=_HANDLE,
        idempotent=True,
        exact_path=True,
    )
)
def note_told(call: Call[ToldIn], incident_id: str, notice_id: str, recipient_id: str) -> Reply:
    how = Otherwise(Means(call.body.means), call.body.at, call.caller.id)
    here = services()
    here.telling_desk.told(incident_id, notice_id, recipient_id, how, call.keyed)
    return Reply(ledger_line(here.breach_ledger.line(notice_id, recipient_id)))


@breach_tellings.operation(
    Operation(
        "POST",
        _NOTICE + "/told-publicly",
        "Note that all were told in public whom nothing else reaches",
        TellingLine,
        body=ToldPubliclyIn,
        longest=MAX_BODY_BYTES,
        description="Where to tell each of them is a disproportionate effort (GDPR 34(3)(c)).",
        parameters=_OF_NOTICE,
        access=_HANDLE,
        idempotent=True,
        exact_path=True,
    )
)
def note_told_publicly(call: Call[ToldPubliclyIn], incident_id: str, notice_id: str) -> Reply:
    word = PublicWord(call.body.at, call.caller.id, call.body.where)
    services().telling_desk.told_publicly(incident_id, notice_id, word, call.keyed)
    return _shown(incident_id, notice_id)


def _shown(incident_id: str, notice_id: str) -> Reply:
    return Reply(telling_line(services().breach_ledger.telling(incident_id, notice_id)))

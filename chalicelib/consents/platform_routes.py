"""What the client platform records of its users' consents, and what it asks before it uses data."""

import re

from chalicelib.audit.entry import Actor
from chalicelib.consents.receiving import collected, identifiers
from chalicelib.consents.views import check_view, record_view
from chalicelib.consents.wire import (
    PURPOSE_PATTERN,
    SUBJECT_PATTERN,
    CheckIn,
    CheckList,
    CheckView,
    CollectedIn,
    CollectedRecorded,
)
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.http.access import Platform
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.services import services

_CONSENTS = "/v1/consents"
_LONGEST_CHECK = 8192  # bytes: a hundred ids

collected_consents = Routes(__name__)


@collected_consents.operation(
    Operation(
        "POST",
        _CONSENTS,
        "Record a consent that was collected elsewhere",
        CollectedRecorded,
        body=CollectedIn,
        statuses=(201, 200),
        description="The platform vouches for its user. The notice that was shown has to be"
        " published here. What was decided later than this stands (`superseded`).",
        access=Platform("consents:write"),
        idempotent=True,
    )
)
def record_consent(call: Call[CollectedIn]) -> Reply:
    here, body = services(), call.body
    actor = Actor(call.caller.kind, call.caller.id)
    recorded = here.consents.record(identifiers(body), collected(body), actor, call.keyed)
    answer = CollectedRecorded(
        record=record_view(recorded.event),
        receipt=here.receipts.dpv(recorded.event).signed,
        subject_id=recorded.event.subject_id,
    )
    return Reply(answer, 201 if recorded.created else 200)


@collected_consents.operation(
    Operation(
        "GET",
        _CONSENTS + "/check",
        "May we use it?",
        CheckView,
        query=("subject", "purpose"),
        description="Restriction and objection count too. The answer may be kept for the time that"
        " `cache-control` and `valid_until` say.",
        parameters={
            "subject": {"type": "string", "pattern": SUBJECT_PATTERN},
            "purpose": {"type": "string", "pattern": PURPOSE_PATTERN},
        },
        access=Platform("consents:check"),
    )
)
def check_consent(call: Call[None]) -> Reply:
    subject, purpose = _asked_about(call.query)
    answered = services().gate.check(subject, purpose)
    seconds = int((answered.valid_until - answered.as_of).total_seconds())
    return Reply(
        check_view(purpose, answered), headers={"cache-control": f"private, max-age={seconds}"}
    )


@collected_consents.operation(
    Operation(
        "POST",
        _CONSENTS + "/check",
        "May we use it, of up to a hundred people?",
        CheckList,
        body=CheckIn,
        access=Platform("consents:check"),
        longest=_LONGEST_CHECK,
    )
)
def check_consents(call: Call[CheckIn]) -> Reply:
    purpose = call.body.purpose
    answers = services().gate.check_many(call.body.subjects, purpose)
    return Reply(CheckList(checks=tuple(check_view(purpose, each) for each in answers)))


def _asked_about(query: dict[str, str]) -> tuple[str, str]:
    for name, pattern in (("subject", SUBJECT_PATTERN), ("purpose", PURPOSE_PATTERN)):
        if not re.fullmatch(pattern, query.get(name, "")):
            raise InvalidInput(FieldError(name, "wrong_format"))
    return query["subject"], query["purpose"]

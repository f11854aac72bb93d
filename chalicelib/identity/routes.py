"""Sessions of data subjects."""

from chalicelib.clock import from_millis, rfc3339
from chalicelib.http.access import PERSON, Caller, Person, token_of
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.identity.models import (
    SELF,
    CodeAccepted,
    CodeProof,
    CodeRequest,
    Opened,
    SessionEnded,
    SessionOpened,
    SessionView,
    VouchedProof,
)
from chalicelib.services import services

_CURRENT = "/v1/sessions/current"


def find_person(token: str, purpose: str) -> Caller:
    """The data subject behind a session token. Raises `SessionUnknown`."""
    session = services().sessions.find(token, purpose)
    return Caller(PERSON, session.subject_id, expires=int(session.expires_at.timestamp()))


people = Routes(__name__, find_person=find_person)


@people.operation(
    Operation(
        "POST",
        "/v1/sessions",
        "Ask for a one-time code by mail",
        CodeAccepted,
        body=CodeRequest,
        statuses=(202,),
        description="Always accepted, whoever the address belongs to. The code lasts 10 minutes,"
        " counts once and can be tried five times; a newer one ends it.",
    )
)
def send_code(call: Call[CodeRequest]) -> Reply:
    services().proofs.send_code(call.body.email, call.body.language, call.source_ip)
    return Reply(CodeAccepted(), 202)


@people.operation(
    Operation(
        "POST",
        "/v1/sessions/verify",
        "Open a session with the code from the mail",
        SessionOpened,
        body=CodeProof,
        description="The session lasts 30 minutes. A code that is wrong, expired, used up or was"
        " never sent gets the same answer.",
    )
)
def prove_by_code(call: Call[CodeProof]) -> Reply:
    return _opened(services().proofs.by_code(call.body.email, call.body.code, call.source_ip))


@people.operation(
    Operation(
        "POST",
        "/v1/sessions/vouched",
        "Open a session for a signed-in user of the client platform",
        SessionOpened,
        body=VouchedProof,
        description="Takes an ID token (OpenID Connect) of the platform, made within the last ten"
        " minutes, once.",
    )
)
def prove_by_vouching(call: Call[VouchedProof]) -> Reply:
    return _opened(
        services().proofs.by_vouching(call.body.id_token, call.body.language, call.source_ip)
    )


@people.operation(Operation("GET", _CURRENT, "One's own session", SessionView, access=Person(SELF)))
def show_session(call: Call[None]) -> Reply:
    subject = services().subjects.own(call.caller.id)
    return Reply(
        SessionView(
            purpose=SELF,
            email=subject.email,
            language=subject.language,
            expires_at=rfc3339(from_millis(call.caller.expires * 1000)),
        )
    )


@people.operation(
    Operation("DELETE", _CURRENT, "End one's own session", SessionEnded, access=Person(SELF))
)
def end_session(call: Call[None]) -> Reply:
    services().sessions.end(token_of(call.headers.get("authorization", "")), SELF)
    return Reply(SessionEnded())


def _opened(opened: Opened) -> Reply:
    return Reply(SessionOpened(token=opened.token, expires_at=rfc3339(opened.session.expires_at)))

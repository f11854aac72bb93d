"""One's own account, the trail of an entity, and finding people."""

from chalicelib.clock import rfc3339
from chalicelib.http.access import Platform, Staff
from chalicelib.http.permissions import allowed_to
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.services import services
from chalicelib.staff.models import Account, PlatformAccount, SubjectQuery, SubjectView, TrailPage
from chalicelib.staff.views import entity_of, trail_page

_ENTITY = {
    "entity_type": {"type": "string", "pattern": "^[a-z][a-z0-9_.]{0,63}$"},
    "entity_id": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"},
}

staff = Routes(__name__)


@staff.operation(
    Operation(
        "GET",
        "/v1/staff/account",
        "One's own roles and what they allow",
        Account,
        access=Staff("account.read"),
    )
)
def show_account(call: Call[None]) -> Reply:
    roles = call.caller.roles
    return Reply(
        Account(id=call.caller.id, roles=tuple(sorted(roles)), permissions=tuple(allowed_to(roles)))
    )


@staff.operation(
    Operation(
        "GET",
        "/v1/platform/account",
        "The client platform's own scopes",
        PlatformAccount,
        access=Platform(),
    )
)
def show_platform(call: Call[None]) -> Reply:
    return Reply(PlatformAccount(id=call.caller.id, scopes=tuple(sorted(call.caller.scopes))))


@staff.operation(
    Operation(
        "GET",
        "/v1/staff/audit/{entity_type}/{entity_id}",
        "The trail of an entity, oldest first",
        TrailPage,
        query=("limit", "cursor"),
        parameters=_ENTITY,
        access=Staff("audit.read"),
    )
)
def show_trail(call: Call[None], entity_type: str, entity_id: str) -> Reply:
    here = services()
    return Reply(
        trail_page(here.trail, here.cursors, entity_of(entity_type, entity_id), call.query)
    )


@staff.operation(
    Operation(
        "POST",
        "/v1/staff/subjects/find",
        "Find a data subject by address",
        SubjectView,
        body=SubjectQuery,
        description="Shows personal data: each finding leaves an entry in the subject's trail.",
        access=Staff("subjects.read"),
    )
)
def find_subject(call: Call[SubjectQuery]) -> Reply:
    found = services().subjects.find_for_staff(call.body.email, call.caller.id)
    return Reply(
        SubjectView(
            subject_id=found.subject_id,
            email=found.email,
            language=found.language,
            since=rfc3339(found.since),
        )
    )

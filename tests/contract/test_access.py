"""Every route by every kind of caller and token, compared with the permission matrix.

The routes come from the OpenAPI document, the expectations from `permissions.toml`: there is no
list of exceptions. The callers pass the application's own authorizer, as in front of the gateway.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from fnmatch import fnmatchcase

import pytest

from app import app, authorize
from chalicelib.audit.entry import Entity
from chalicelib.http.gatekeeper import Gatekeeper, Trust
from chalicelib.http.permissions import Role, permissions
from chalicelib.oidc.errors import KeysUnavailable
from chalicelib.oidc.keys import KeySet
from chalicelib.oidc.tokens import Issuer
from chalicelib.services import Services
from tests.contract.asking import make
from tests.contract.holding import GROUND, HOLDS, Holding
from tests.contract.operations import OPERATIONS, Documented
from tests.contract.people import EMAIL, id_token, signed_in
from tests.contract.responding import FACTS, INCIDENTS, Responding
from tests.contract.retaining import ARCHIVE, Retained
from tests.fakes import POOLS, FixedClock
from tests.gateway import Gateway
from tests.tokens import (
    LIFE,
    PLATFORM,
    STAFF,
    Pool,
    bearer,
    platform_token,
    signed_with_public_key,
    staff_claims,
    staff_token,
    tampered,
    unsigned,
)

GUARDED = [each for each in OPERATIONS if each.scheme]
OF_STAFF = [each for each in OPERATIONS if each.scheme == "staff"]
OTHER = Pool("ap-southeast-3_other")
ARN = "arn:aws:execute-api:ap-southeast-3:000000000000:api/api"
SCOPES = (
    "consents:write",
    "consents:check",
    "records:write",
    "requests:write",
    "incidents:write",
    "opendsr",
)

type Forge = Callable[[FixedClock], str]


def every(*roles: str) -> Forge:
    return lambda clock: staff_token(clock, *roles)


def expired(clock: FixedClock) -> str:
    token = staff_token(clock, *Role)
    clock.advance(LIFE)
    return token


FORGED: dict[str, Forge] = {
    "expired": expired,
    "not yet": lambda clock: STAFF.sign(
        staff_claims(clock, *Role, iat=int((clock.now() + timedelta(minutes=3)).timestamp()))
    ),
    "not before": lambda clock: STAFF.sign(
        staff_claims(clock, *Role, nbf=int((clock.now() + timedelta(minutes=3)).timestamp()))
    ),
    "wrong issuer": lambda clock: STAFF.sign(staff_claims(clock, *Role, iss=OTHER.issuer)),
    "no issuer": lambda clock: STAFF.sign(staff_claims(clock, *Role, iss=None)),
    "another pool's": lambda clock: OTHER.sign(staff_claims(clock, *Role, iss=OTHER.issuer)),
    "another pool's key": lambda clock: OTHER.sign(staff_claims(clock, *Role)),
    "another pool's key under our key's id": lambda clock: OTHER.sign(
        staff_claims(clock, *Role), kid=STAFF.key_id
    ),
    "the platform pool's key": lambda clock: PLATFORM.sign(staff_claims(clock, *Role)),
    "alg none": lambda clock: unsigned(staff_claims(clock, *Role), STAFF.key_id),
    "alg HS256 under the public key": lambda clock: signed_with_public_key(
        staff_claims(clock, *Role), STAFF
    ),
    "tampered": lambda clock: tampered(staff_token(clock), **{"cognito:groups": list(Role)}),
    "an ID token": lambda clock: STAFF.sign(staff_claims(clock, *Role, token_use="id")),
    "another client's": lambda clock: STAFF.sign(staff_claims(clock, *Role, client_id="other")),
    "the platform client's in the staff's pool": lambda clock: STAFF.sign(
        staff_claims(clock, *Role, client_id=POOLS["platform_client_id"])
    ),
    "no end": lambda clock: STAFF.sign(staff_claims(clock, *Role, exp=None)),
    "an end in words": lambda clock: STAFF.sign(staff_claims(clock, *Role, exp="tomorrow")),
    "no key id": lambda clock: STAFF.sign(staff_claims(clock, *Role), kid=None),
    "a key id that nobody has": lambda clock: STAFF.sign(staff_claims(clock, *Role), kid="x"),
    "no token at all": lambda _: "x",
    "three dots": lambda _: "...",
    "too long": lambda clock: staff_token(clock) + "A" * 9000,
}


def test_the_document_has_every_route_and_the_app_no_other() -> None:
    served = {
        (method, path)
        for path, methods in app.routes.items()
        for method in methods
        if method != "OPTIONS"  # CORS preflights, which carry no token (Fetch, 4.8)
    }
    assert served == {(each.method, each.path) for each in OPERATIONS}


def test_every_staff_route_is_below_staff_and_names_a_permission_of_its_kind() -> None:
    for each in OPERATIONS:
        assert (each.scheme == "staff") == each.path.startswith("/v1/staff/")
    for each in OF_STAFF:
        permission = permissions()[each.needs[0]]
        # A reading that takes a body, so that no address stands in a URL, is of personal data.
        reads_by_body = each.method == "POST" and permission.personal_data
        assert permission.changes == (each.method != "GET" and not reads_by_body), str(each)


def test_every_permission_is_asked_for_somewhere() -> None:
    assert {each.needs[0] for each in OF_STAFF} == set(permissions())


@pytest.mark.parametrize("operation", GUARDED, ids=str)
def test_nobody_gets_in_without_a_token(gateway: Gateway, operation: Documented) -> None:
    for headers in ({}, {"authorization": ""}, {"authorization": "Basic c2l0aTp4"}):
        assert operation.call(gateway, headers).status == 401


@pytest.mark.parametrize("role", [*Role, None])
def test_a_role_may_what_the_matrix_says(
    gateway: Gateway, clock: FixedClock, role: Role | None
) -> None:
    token = staff_token(clock, *([role] if role else []))
    for operation in OF_STAFF:
        answer = operation.call(gateway, bearer(token))
        allowed = role in permissions()[operation.needs[0]].roles
        assert answer.status < 500, (str(operation), answer.body)
        assert (answer.status not in (401, 403)) == allowed, (str(operation), answer.body)
        if not allowed:
            assert (answer.status, answer.code) == (403, "not_permitted"), str(operation)


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_token_that_is_not_right_opens_nothing(
    gateway: Gateway, clock: FixedClock, forge: Forge
) -> None:
    token = forge(clock)
    for operation in GUARDED:
        assert operation.call(gateway, bearer(token)).status == 401, str(operation)


@pytest.mark.parametrize("operation", GUARDED, ids=str)
def test_each_kind_of_caller_has_its_own_routes(
    gateway: Gateway, services: Services, clock: FixedClock, operation: Documented
) -> None:
    tokens = {
        "staff": staff_token(clock, *Role),
        "platform": platform_token(clock, *SCOPES),
        "person": signed_in(gateway, services),
    }
    let_in = {
        kind
        for kind, token in tokens.items()
        if operation.call(gateway, bearer(token)).status not in (401, 403)
    }
    assert let_in == {operation.scheme}


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if not each.scheme], ids=str)
def test_where_no_token_is_asked_for_none_changes_the_answer(
    gateway: Gateway, clock: FixedClock, operation: Documented
) -> None:
    without = operation.call(gateway, {})
    for token in (staff_token(clock, *Role), platform_token(clock), expired(clock), "x"):
        answer = operation.call(gateway, bearer(token))
        assert (answer.status, answer.body) == (without.status, without.body)
        assert answer.status != 401


@pytest.mark.parametrize("kind", ["staff", "platform"])
def test_the_gateway_is_told_of_the_callers_own_routes_alone(
    services: Services, clock: FixedClock, kind: str
) -> None:
    token = staff_token(clock, *Role) if kind == "staff" else platform_token(clock, *SCOPES)
    event = {"type": "TOKEN", "authorizationToken": f"Bearer {token}", "methodArn": ARN}
    allowed = authorize(event, None)["policyDocument"]["Statement"][0]["Resource"]
    for each in GUARDED:
        arn = f"{ARN}/{each.method}{re.sub(r'{\w+}', 'x', each.path)}"
        let_in = any(fnmatchcase(arn, pattern) for pattern in allowed)
        assert let_in == (each.scheme == kind), str(each)


def test_where_the_keys_are_away_nobody_is_called_a_forger(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    def away() -> bytes:
        raise KeysUnavailable

    nobodys = Trust(Issuer(STAFF.issuer, KeySet(away, clock)), POOLS["staff_client_id"])
    services.gatekeeper = Gatekeeper(nobodys, nobodys, clock)
    answer = gateway.call("GET", "/v1/staff/account", headers=bearer(staff_token(clock, "dpo")))
    assert answer.status == 503


def test_an_invented_role_gives_nothing(gateway: Gateway, clock: FixedClock) -> None:
    for groups in (["admin"], "dpo", {"dpo": 1}, ["dpo2"], [["dpo"]], None):
        claims = staff_claims(clock, **{"cognito:groups": groups})
        answer = gateway.call("GET", "/v1/staff/account", headers=bearer(STAFF.sign(claims)))
        assert (answer.status, answer.code) == (403, "not_permitted"), groups


def test_the_gateways_cached_word_ends_with_the_token(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    """API Gateway may keep the authorizer's answer for five minutes longer than the token lasts."""
    context = {"kind": "staff", "id": "x", "roles": "dpo", "scopes": ""}
    for expires, status in ((1, 200), (0, 401), (-300, 401)):
        event = gateway._event("GET", "/v1/staff/account", {}, None, {}, "")
        ends = int(clock.now().timestamp()) + expires
        event["requestContext"]["authorizer"] = {**context, "expires": str(ends)}
        assert app(event, None)["statusCode"] == status


def test_who_reads_personal_data_leaves_an_entry(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    signed_in(gateway, services)
    (operation,) = [each for each in OF_STAFF if each.path.endswith("/find")]
    headers = bearer(staff_token(clock, "auditor"))
    found = operation.call(gateway, headers, {"email": EMAIL})
    assert (found.status, found.json()["email"]) == (200, EMAIL)
    entity = Entity("subject", found.json()["subject_id"])
    last = list(services.trail.history(entity))[-1]
    assert (last.action, last.actor.kind) == ("personal_data.read", "staff")
    assert last.actor.id == STAFF.claims(clock)["sub"]
    nobody = operation.call(gateway, headers, {"email": "nobody@example.test"})
    assert (nobody.status, nobody.code) == (404, "unknown_subject")
    seeker = Entity("staff", STAFF.claims(clock)["sub"])
    assert [entry.action for entry in services.trail.history(seeker)] == ["personal_data.sought"]


def test_who_reads_a_request_leaves_an_entry(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    made = make(gateway, name="Siti Rahma")
    request_id = made.json()["request_id"]
    headers = bearer(staff_token(clock, "auditor"))
    read = gateway.call("GET", f"/v1/staff/requests/{request_id}", headers=headers)
    assert (read.status, read.json()["name"]) == (200, "Siti Rahma")
    last = list(services.trail.history(Entity("request", request_id)))[-1]
    assert (last.action, last.actor.kind) == ("personal_data.read", "staff")
    assert last.facts == {"permission": "requests.read"}


def test_who_reads_a_consent_leaves_an_entry(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    signed_in(gateway, services)
    subject_id = services.subjects.holder_of(EMAIL)
    headers = bearer(staff_token(clock, "auditor"))
    path = f"/v1/staff/subjects/{subject_id}/consents/third_party_integration"
    assert gateway.call("GET", path, headers=headers).status == 200
    last = list(services.trail.history(Entity("subject", str(subject_id))))[-1]
    assert (last.action, last.actor.kind) == ("personal_data.read", "staff")
    assert last.facts == {"permission": "consents.read"}


def test_who_reads_a_hold_leaves_an_entry(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    hold_id = Holding(services, gateway).place()
    headers = bearer(staff_token(clock, "auditor"))
    read = gateway.call("GET", f"{HOLDS}/{hold_id}", headers=headers)
    assert (read.status, read.json()["ground"]) == (200, GROUND)
    last = list(services.trail.history(Entity("hold", hold_id)))[-1]
    assert (last.action, last.actor.kind) == ("personal_data.read", "staff")
    assert last.facts == {"permission": "holds.read"}


def test_who_reads_an_incident_leaves_an_entry(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    incident_id = Responding(services, gateway).report()
    headers = bearer(staff_token(clock, "auditor"))
    read = gateway.call("GET", f"{INCIDENTS}/{incident_id}", headers=headers)
    assert (read.status, read.json()["facts"]["title"]) == (200, FACTS["title"])
    last = list(services.trail.history(Entity("incident", incident_id)))[-1]
    assert (last.action, last.actor.kind) == ("personal_data.read", "staff")
    assert last.facts == {"permission": "incidents.read"}


def test_who_reads_the_archive_leaves_an_entry(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    (record_id,) = Retained(services, gateway, clock).archived("c1")
    headers = bearer(staff_token(clock, "auditor"))
    read = gateway.call("GET", f"{ARCHIVE}/{record_id}", headers=headers)
    assert (read.status, read.json()["rows"][0]["name"]) == (200, "Siti")
    last = list(services.trail.history(Entity("record", record_id)))[-1]
    assert (last.action, last.actor.kind) == ("personal_data.read", "staff")
    assert last.facts == {"permission": "archive.read"}


def test_these_are_the_permissions_to_read_personal_data() -> None:
    """What each of them opens is read in a test above."""
    reading = {name for name, each in permissions().items() if each.personal_data}
    assert reading == {
        "archive.read",
        "consents.read",
        "holds.read",
        "incidents.read",
        "incidents.recipients",
        "requests.read",
        "subjects.read",
    }


def test_nothing_is_shown_whose_showing_cannot_be_recorded(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    signed_in(gateway, services)

    def away(**_: object) -> None:
        raise RuntimeError("no trail today")

    services.dynamodb.meta.events.register("before-call.dynamodb.TransactWriteItems", away)
    headers = bearer(staff_token(clock, "dpo"))
    (operation,) = [each for each in OF_STAFF if each.path.endswith("/find")]
    answer = operation.call(gateway, headers, {"email": EMAIL})
    assert (answer.status, EMAIL in answer.body) == (500, False)


def test_the_trail_is_shown_page_by_page(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    token = signed_in(gateway, services)
    subject = services.sessions.find(token, "self").subject_id
    signed_in(gateway, services)
    headers = bearer(staff_token(clock, "auditor"))
    path = f"/v1/staff/audit/subject/{subject}"
    first = gateway.call("GET", f"{path}?limit=1", headers=headers).json()
    assert [entry["seq"] for entry in first["entries"]] == [1]
    rest = gateway.call("GET", f"{path}?cursor={first['cursor']}", headers=headers).json()
    assert [entry["seq"] for entry in rest["entries"]] == [2]
    assert rest["cursor"] is None
    assert rest["entries"][0]["previous"] == first["entries"][0]["hash"]
    other = f"/v1/staff/audit/site/jutsoo?cursor={first['cursor']}"
    assert gateway.call("GET", other, headers=headers).code == "invalid_cursor"


def test_an_account_says_what_its_roles_allow(gateway: Gateway, clock: FixedClock) -> None:
    headers = bearer(staff_token(clock, "engineer"))
    account = gateway.call("GET", "/v1/staff/account", headers=headers).json()
    assert account["roles"] == ["engineer"]
    assert "webhooks.manage" in account["permissions"]
    assert "subjects.read" not in account["permissions"]


def test_the_platform_sees_its_scopes_without_their_server(
    gateway: Gateway, clock: FixedClock
) -> None:
    headers = bearer(platform_token(clock, "consents:check"))
    account = gateway.call("GET", "/v1/platform/account", headers=headers).json()
    assert account == {"id": "platform-client", "scopes": ["consents:check"]}


def test_another_servers_scope_gives_nothing(gateway: Gateway, clock: FixedClock) -> None:
    claims = PLATFORM.claims(
        clock,
        token_use="access",
        client_id=POOLS["platform_client_id"],
        scope="other/consents:write consents:check openid jaga/records:write",
    )
    account = gateway.call("GET", "/v1/platform/account", headers=bearer(PLATFORM.sign(claims)))
    assert account.json()["scopes"] == ["records:write"]


def test_a_vouching_token_is_no_staff_token(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    assert (
        gateway.call("GET", "/v1/staff/account", headers=bearer(id_token(services))).status == 401
    )

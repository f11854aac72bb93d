"""The matrix refuses what contradicts the roles, and a scope or role gives what it says."""

import pytest
from chalice.app import Request

from chalicelib.http.access import (
    ANONYMOUS,
    ANYONE,
    Access,
    Caller,
    NotPermitted,
    NotSignedIn,
    Person,
    Platform,
    Staff,
    authorizer_context,
    identify,
)
from chalicelib.http.permissions import Role, allowed_to, known_roles, parse_matrix, permissions

NOW = 1_800_000_000


def row(roles: list[str], more: str = "") -> str:
    return f'[permissions."x.y"]\nwhat = "w"\nroles = {roles}\n{more}'


def request(caller: Caller | None, arrived: int = NOW, **headers: str) -> Request:
    context = {"requestTimeEpoch": arrived * 1000, "resourcePath": "/x", "httpMethod": "GET"}
    if caller:
        context["authorizer"] = authorizer_context(caller)
    event = {"requestContext": context, "headers": headers, "body": None, "isBase64Encoded": False}
    names = ("multiValueQueryStringParameters", "pathParameters", "stageVariables")
    return Request({**event, **dict.fromkeys(names)})


def test_the_matrix_is_sound_and_nobody_is_left_out() -> None:
    rows = permissions().values()
    assert {role for each in rows for role in each.roles} == set(Role)
    readings = {each.name for each in rows if not each.changes}
    assert set(allowed_to(frozenset({Role.AUDITOR}))) == readings
    assert not [each for each in rows if each.personal_data and Role.ENGINEER in each.roles]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (row(["dpo", "auditor"], "changes = true"), "auditor"),
        (row(["dpo"]), "auditor"),
        (row(["engineer", "auditor"], "personal_data = true"), "engineer"),
        (row(["king", "auditor"]), "king"),
    ],
)
def test_a_matrix_that_contradicts_the_roles_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_matrix(text)


def test_only_groups_that_are_roles_count() -> None:
    assert known_roles(["dpo", "admins", "DPO"]) == {Role.DPO}
    assert known_roles("dpo") == frozenset()
    assert known_roles(None) == frozenset()


def test_nobody_is_asked_where_anyone_may() -> None:
    assert identify(ANYONE, request(None), None) is ANONYMOUS


def test_the_scope_is_asked_for() -> None:
    caller = Caller("platform", "client", scopes=frozenset({"a:b"}), expires=NOW + 1)
    assert identify(Platform("a:b"), request(caller), None) == caller
    assert identify(Platform(), request(caller), None) == caller
    with pytest.raises(NotPermitted):
        identify(Platform("a:c"), request(caller), None)


@pytest.mark.parametrize(
    ("kind", "access"), [("staff", Platform()), ("platform", Staff("account.read"))]
)
def test_one_kind_of_caller_is_not_another(kind: str, access: Access) -> None:
    caller = Caller(kind, "x", frozenset(Role), frozenset({"a:b"}), NOW + 1)
    with pytest.raises(NotSignedIn):
        identify(access, request(caller), None)


def test_a_callers_roles_survive_the_gateway() -> None:
    caller = Caller("staff", "x", frozenset({Role.DPO, Role.AGENT}), expires=NOW + 1)
    assert identify(Staff("subjects.read"), request(caller), None) == caller


@pytest.mark.parametrize("arrived", [NOW, NOW + 1, 0])
def test_who_arrives_after_the_end_or_at_no_time_is_nobody(arrived: int) -> None:
    caller = Caller("staff", "x", frozenset(Role), expires=NOW)
    with pytest.raises(NotSignedIn):
        identify(Staff("account.read"), request(caller, arrived), None)


def test_a_route_without_a_way_to_find_people_lets_none_in() -> None:
    with pytest.raises(NotSignedIn):
        identify(Person("self"), request(None, authorization="Bearer x"), None)

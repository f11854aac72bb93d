"""User pools: who gets an account, what a sign-in takes, what a token is good for."""

from collections.abc import Iterator
from typing import Any

from chalicelib.http.permissions import Role
from infra.rules.document import Resource, Template, referred

_SHORTEST_PASSWORD = 14
_KINDS = ("RequireLowercase", "RequireNumbers", "RequireSymbols", "RequireUppercase")
_MINUTES = {"minutes": 1, "hours": 60, "days": 24 * 60}
_ONLY_REFRESH = {"ALLOW_REFRESH_TOKEN_AUTH"}


def accounts_come_from_administrators(template: Template) -> Iterator[str]:
    """Nobody makes or recovers an account alone; a pool is not deleted by accident."""
    for pool in _pools(template):
        creation = pool.properties.get("AdminCreateUserConfig", {})
        if creation.get("AllowAdminCreateUserOnly") is not True:
            yield f"{pool.name} lets people sign up"
        recovery = pool.properties.get("AccountRecoverySetting", {}).get("RecoveryMechanisms", [])
        if [way["Name"] for way in recovery] != ["admin_only"]:
            yield f"{pool.name} lets whoever reads a mailbox set a password"
        if pool.properties.get("DeletionProtection") != "ACTIVE":
            yield f"{pool.name} has no deletion protection"


def passwords_are_long(template: Template) -> Iterator[str]:
    """Every pool asks for passwords of 14 characters of every kind."""
    for pool in _pools(template):
        policy = pool.properties.get("Policies", {}).get("PasswordPolicy", {})
        if policy.get("MinimumLength", 0) < _SHORTEST_PASSWORD:
            yield f"{pool.name} takes passwords under {_SHORTEST_PASSWORD} characters"
        if not all(policy.get(kind) is True for kind in _KINDS):
            yield f"{pool.name} takes passwords of few kinds of characters"


def people_have_a_second_factor(template: Template) -> Iterator[str]:
    """A client that people sign in with belongs to a pool that demands an authenticator each time.

    A demonstration's client, which AWS never sees, need not.
    """
    pools = {pool.name: pool.properties for pool in _pools(template)}
    for client in _clients(template):
        flows = client.properties.get("ExplicitAuthFlows")
        if not flows:
            yield f"{client.name} names no flows, so Cognito lets people sign in"
        elif set(flows) - _ONLY_REFRESH and client.attributes.get("Condition") != "Demonstrates":
            pool = pools.get(referred(client.properties["UserPoolId"]), {})
            demanded = (pool.get("MfaConfiguration"), pool.get("EnabledMfas"))
            if demanded != ("ON", ["SOFTWARE_TOKEN_MFA"]):
                yield f"{client.name} lets people in without an authenticator"
            if pool.get("DeviceConfiguration"):
                yield f"{client.name} lets remembered devices in without an authenticator"


def clients_tell_nobody(template: Template) -> Iterator[str]:
    """No client tells who has an account."""
    for client in _clients(template):
        if client.properties.get("PreventUserExistenceErrors") != "ENABLED":
            yield f"{client.name} tells who has an account"


def tokens_end_soon(template: Template) -> Iterator[str]:
    """Access and ID tokens last 15 minutes, refresh tokens a working day, and can be revoked."""
    for client in _clients(template):
        signs_in = set(client.properties.get("ExplicitAuthFlows", [])) - _ONLY_REFRESH
        limits = {"AccessToken": 15}
        if signs_in:
            limits |= {"IdToken": 15, "RefreshToken": 8 * 60}
        for token, most in limits.items():
            if not 0 < _validity(client, token) <= most:
                yield f"{client.name}: {token} lasts longer than {most} minutes"
        if client.properties.get("EnableTokenRevocation") is not True:
            yield f"{client.name}: tokens cannot be revoked"


def machines_get_our_scopes_only(template: Template) -> Iterator[str]:
    """OAuth is for machines: client credentials, with a secret, for scopes defined here."""
    scopes = {
        f"{server.properties['Identifier']}/{scope['ScopeName']}"
        for server in template.of_type("AWS::Cognito::UserPoolResourceServer")
        for scope in server.properties["Scopes"]
    }
    for client in _clients(template):
        flows = client.properties.get("AllowedOAuthFlows", [])
        if set(flows) - {"client_credentials"}:
            yield f"{client.name} has a flow with a page"
        if flows and client.properties.get("GenerateSecret") is not True:
            yield f"{client.name} has no secret"
        if set(client.properties.get("AllowedOAuthScopes", [])) - scopes:
            yield f"{client.name} gets scopes that are not ours"


def groups_are_the_roles(template: Template) -> Iterator[str]:
    """The groups of the pools are the roles of the permission matrix."""
    groups = {
        str(group.properties.get("GroupName"))
        for group in template.of_type("AWS::Cognito::UserPoolGroup")
    }
    for name in sorted({str(role) for role in Role} ^ groups):
        yield f"{name} is a role or a group, not both"


def _pools(template: Template) -> Iterator[Resource]:
    yield from template.of_type("AWS::Cognito::UserPool")


def _clients(template: Template) -> Iterator[Resource]:
    yield from template.of_type("AWS::Cognito::UserPoolClient")


def _validity(client: Resource, token: str) -> int:
    """Minutes; 0 where the template leaves it to Cognito."""
    units: dict[str, Any] = client.properties.get("TokenValidityUnits", {})
    value: int = client.properties.get(f"{token}Validity", 0)
    return value * _MINUTES.get(units.get(token, ""), 0)


identity_rules = (
    accounts_come_from_administrators,
    passwords_are_long,
    people_have_a_second_factor,
    clients_tell_nobody,
    tokens_end_soon,
    machines_get_our_scopes_only,
    groups_are_the_roles,
)

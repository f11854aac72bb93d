"""Every route by every role and kind of token, against the deployed authorizer and routes.

As in tests/contract/test_access.py, with tokens that Cognito gave, through the gateway. Tokens that
only somebody with the pool's key could make (expired, of another issuer) are tried there.
"""

import json
import re

import boto3
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.http.permissions import Role, permissions
from infra.local.stack import Stack
from tests.contract.operations import OPERATIONS, PARAMETERS, Documented
from tests.deployed.sign_in import new_member, platform_token, platform_user_id_token, staff_token
from tests.tokens import Pool, bearer, hs256, tampered, unsigned

OF_STAFF = [each for each in OPERATIONS if each.scheme == "staff"]
GUARDED = [each for each in OPERATIONS if each.scheme]


def call(http: httpx.Client, operation: Documented, token: str | None) -> httpx.Response:
    path = re.sub(
        r"{(\w+)}", lambda name: PARAMETERS.get(name[1], PARAMETERS["visitor_id"]), operation.path
    )
    headers = {"content-type": "application/json", **(bearer(token) if token else {})}
    return http.request(operation.method, path, content=json.dumps({}), headers=headers)


@pytest.mark.parametrize("role", Role)
def test_a_role_may_what_the_matrix_says(stack: Stack, http: httpx.Client, role: Role) -> None:
    token = staff_token(stack, role)
    for operation in OF_STAFF:
        answer = call(http, operation, token)
        allowed = role in permissions()[operation.needs[0]].roles
        assert answer.status_code < 500, (str(operation), answer.text)
        assert (answer.status_code not in (401, 403)) == allowed, (str(operation), answer.text)


def test_nothing_that_is_not_a_right_token_opens_anything(
    stack: Stack, http: httpx.Client, fresh: str
) -> None:
    good = staff_token(stack, "engineer")
    claims = jwt.decode(good, options={"verify_signature": False})
    everything = {**claims, "cognito:groups": list(Role)}
    key_id = jwt.get_unverified_header(good)["kid"]
    forged = [
        None,
        "x",
        "a.b.c",
        unsigned(everything, key_id),
        _signed_with_published_key(stack, everything, key_id),
        tampered(good, **{"cognito:groups": list(Role)}),
        Pool("ap-southeast-3_another").sign(everything, kid=key_id),
        platform_user_id_token(stack),
        _token_of_another_pool(stack.session, fresh),
    ]
    for operation in GUARDED:
        for token in forged:
            answer = call(http, operation, token)
            assert answer.status_code == 401, (str(operation), answer.text)
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.headers["content-type"] == "application/problem+json"


def test_each_kind_of_caller_has_its_own_routes(stack: Stack, http: httpx.Client) -> None:
    tokens = {
        "staff": staff_token(stack, "dpo"),
        "platform": platform_token(
            stack,
            "consents:write",
            "consents:check",
            "records:write",
            "requests:write",
            "incidents:write",
            "opendsr",
        ),
    }
    for operation in GUARDED:
        let_in = {
            kind
            for kind, token in tokens.items()
            if call(http, operation, token).status_code not in (401, 403)
        }
        assert let_in == {operation.scheme} & tokens.keys(), str(operation)


def test_an_id_token_of_the_staff_opens_nothing(stack: Stack, http: httpx.Client) -> None:
    pool = stack.staff_pool
    _, refresh = new_member(stack, "dpo")
    tokens = pool.cognito.initiate_auth(
        ClientId=pool.client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": refresh},
    )["AuthenticationResult"]
    for operation in OF_STAFF:
        assert call(http, operation, tokens["IdToken"]).status_code == 401
    reading = next(each for each in OF_STAFF if each.method == "GET" and "{" not in each.path)
    assert call(http, reading, tokens["AccessToken"]).status_code == 200


def test_the_authorizer_is_in_front_of_every_guarded_route(stack: Stack) -> None:
    gateway = stack.session.client("apigateway")
    api = stack.deployment.outputs["RestAPIId"]
    kinds = {}
    for resource in gateway.get_resources(restApiId=api, limit=500)["items"]:
        for method in resource.get("resourceMethods", {}):
            described = gateway.get_method(
                restApiId=api, resourceId=resource["id"], httpMethod=method
            )
            kinds[method, resource["path"]] = described["authorizationType"]
    for each in OPERATIONS:
        expected = "CUSTOM" if each.scheme in ("staff", "platform") else "NONE"
        assert kinds[each.method, each.path] == expected, str(each)


def _signed_with_published_key(stack: Stack, claims: dict[str, object], key_id: str) -> str:
    pool = stack.settings.staff_pool_id
    published = httpx.get(f"{stack.endpoint_url}/{pool}/.well-known/jwks.json").json()["keys"]
    (key,) = [jwt.PyJWK(each) for each in published if each["kid"] == key_id]
    public = key.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return hs256(claims, public, key_id)


def _token_of_another_pool(session: boto3.Session, name: str) -> str:
    """The access token of a user of a pool that anybody could make in the same account."""
    cognito = session.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName=name)["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="x", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=pool, Username="u", MessageAction="SUPPRESS")
    password = "Test-password-1234"
    cognito.admin_set_user_password(
        UserPoolId=pool, Username="u", Password=password, Permanent=True
    )
    for role in Role:
        cognito.create_group(UserPoolId=pool, GroupName=role)
        cognito.admin_add_user_to_group(UserPoolId=pool, Username="u", GroupName=role)
    tokens = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "u", "PASSWORD": password},
    )["AuthenticationResult"]
    return str(tokens["AccessToken"])

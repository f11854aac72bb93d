"""Who gets tokens of the deployed pools, and for what. Nobody of the staff for half a sign-in."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from botocore.exceptions import ClientError
from pyotp import TOTP

from chalicelib.http.permissions import Role
from infra.local.accounts import Account, StaffPool, new_password
from infra.local.deploy import STACK
from infra.local.stack import Stack
from tests.deployed.sign_in import (
    ask_for_token,
    new_member,
    platform_token,
    platform_user_id_token,
    staff_token,
    verified,
)
from tests.deployed.srp import prove_password

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.literals import AuthFlowTypeType, ChallengeNameTypeType

WRONG = "wrong Password 1!"
SCOPES = {
    "jaga/consents:check",
    "jaga/consents:write",
    "jaga/incidents:write",
    "jaga/opendsr",
    "jaga/records:write",
    "jaga/requests:write",
}


@pytest.fixture
def pool(stack: Stack) -> StaffPool:
    return stack.staff_pool


@pytest.fixture
def member(stack: Stack) -> Account:
    return new_member(stack, "agent")[0]


@pytest.fixture
def newcomer(pool: StaffPool, fresh: str) -> Account:
    """An account whose authenticator is not confirmed."""
    return pool.start(f"{fresh.lower()}@jutsoo.test", "agent", new_password())[0]


def code(account: Account, periods: int = 0) -> str:
    return TOTP(account.totp_secret).at(int(time()), counter_offset=periods)


def wrong_code(account: Account) -> str:
    near = {code(account, periods) for periods in range(-3, 4)}
    return next(f"{guess:06}" for guess in range(10) if f"{guess:06}" not in near)


def refusal(attempt: Callable[[], object]) -> tuple[str, str]:
    """Code and message of what `attempt` is refused with."""
    with pytest.raises(ClientError) as refused:
        attempt()
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def answer(pool: StaffPool, name: "ChallengeNameTypeType", session: str, **given: str) -> Any:
    return pool.cognito.respond_to_auth_challenge(
        ClientId=pool.client_id, ChallengeName=name, Session=session, ChallengeResponses=given
    )


INVALID_SESSION = ("NotAuthorizedException", "Invalid session for the user.")


@pytest.mark.parametrize("role", list(Role))
def test_a_printed_account_signs_in_with_password_and_code(stack: Stack, role: Role) -> None:
    account = next(each for each in stack.staff if each.role == role)
    pool = stack.staff_pool
    session = pool.give_password(account.email, account.password)
    token = pool.give_code(account.email, session, code(account))["AccessToken"]
    claims = verified(token, *_keys_and_issuer(stack, pool.pool_id))
    assert claims["cognito:groups"] == [role]
    assert (claims["token_use"], claims["client_id"]) == ("access", pool.client_id)
    assert claims["exp"] - claims["iat"] == 15 * 60


def _keys_and_issuer(stack: Stack, pool_id: str) -> tuple[str, str]:
    issuer = f"https://cognito-idp.ap-southeast-3.amazonaws.com/{pool_id}"
    endpoint = stack.session.client("cognito-idp").meta.endpoint_url
    return f"{endpoint}/{pool_id}/.well-known/jwks.json", issuer


def _by_password(pool: StaffPool, account: Account) -> Any:
    return pool.cognito.initiate_auth(
        ClientId=pool.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": account.email, "PASSWORD": account.password},
    )


def _by_srp(pool: StaffPool, account: Account) -> Any:
    return prove_password(pool, account.email, account.password)


@pytest.mark.parametrize("give_password", [_by_password, _by_srp])
def test_a_password_alone_gives_no_tokens(
    pool: StaffPool, member: Account, newcomer: Account, give_password: Callable[..., Any]
) -> None:
    for account, challenge in ((member, "SOFTWARE_TOKEN_MFA"), (newcomer, "MFA_SETUP")):
        answered = give_password(pool, account)
        assert answered["ChallengeName"] == challenge
        assert "AuthenticationResult" not in answered
    session = give_password(pool, member)["Session"]
    assert pool.give_code(member.email, session, code(member))["AccessToken"]


@pytest.mark.parametrize("flow", ["CUSTOM_AUTH", "USER_AUTH", "ADMIN_USER_PASSWORD_AUTH"])
def test_other_flows_are_closed(pool: StaffPool, member: Account, flow: "AuthFlowTypeType") -> None:
    given = {"USERNAME": member.email, "PASSWORD": member.password}
    public = refusal(
        lambda: pool.cognito.initiate_auth(
            ClientId=pool.client_id, AuthFlow=flow, AuthParameters=given
        )
    )
    of_administrators = refusal(
        lambda: pool.cognito.admin_initiate_auth(
            UserPoolId=pool.pool_id, ClientId=pool.client_id, AuthFlow=flow, AuthParameters=given
        )
    )
    assert {public[0], of_administrators[0]} == {"InvalidParameterException"}


def test_a_wrong_code_is_refused_five_times_and_ends_the_session(
    pool: StaffPool, member: Account
) -> None:
    session = pool.give_password(member.email, member.password)
    for _ in range(5):
        wrong = refusal(lambda: pool.give_code(member.email, session, wrong_code(member)))
        assert wrong[0] == "CodeMismatchException"
    assert refusal(lambda: pool.give_code(member.email, session, code(member))) == INVALID_SESSION


def test_a_wrong_code_may_be_corrected(pool: StaffPool, member: Account) -> None:
    session = pool.give_password(member.email, member.password)
    refusal(lambda: pool.give_code(member.email, session, wrong_code(member)))
    assert pool.give_code(member.email, session, code(member))["AccessToken"]


def test_a_code_works_once(pool: StaffPool, member: Account) -> None:
    used = code(member)
    session = pool.give_password(member.email, member.password)
    assert pool.give_code(member.email, session, used)["AccessToken"]
    assert refusal(lambda: pool.give_code(member.email, session, used)) == INVALID_SESSION
    again = pool.give_password(member.email, member.password)
    assert refusal(lambda: pool.give_code(member.email, again, used))[0] == "ExpiredCodeException"


def test_of_two_answers_at_once_one_gets_tokens(pool: StaffPool, member: Account) -> None:
    shown = code(member)
    sessions = [pool.give_password(member.email, member.password) for _ in range(2)] * 3

    def attempt(session: str) -> bool:
        try:
            return "AccessToken" in pool.give_code(member.email, session, shown)
        except ClientError:
            return False

    with ThreadPoolExecutor(len(sessions)) as threads:
        assert sum(threads.map(attempt, sessions)) == 1


@pytest.mark.parametrize(
    "challenge",
    ["SOFTWARE_TOKEN_MFA", "MFA_SETUP", "NEW_PASSWORD_REQUIRED", "SMS_MFA", "CUSTOM_CHALLENGE"],
)
@pytest.mark.parametrize("session", [None, "x" * 44])
def test_no_challenge_is_answered_without_its_session(
    pool: StaffPool, member: Account, challenge: "ChallengeNameTypeType", session: str | None
) -> None:
    given = {
        "USERNAME": member.email,
        "SOFTWARE_TOKEN_MFA_CODE": code(member),
        "SMS_MFA_CODE": "123456",
        "ANSWER": "x",
        "NEW_PASSWORD": new_password(),
    }
    named: dict[str, Any] = {"Session": session} if session else {}
    calls: list[Callable[[], Any]] = [
        lambda: pool.cognito.respond_to_auth_challenge(
            ClientId=pool.client_id, ChallengeName=challenge, ChallengeResponses=given, **named
        ),
        lambda: pool.cognito.admin_respond_to_auth_challenge(
            UserPoolId=pool.pool_id,
            ClientId=pool.client_id,
            ChallengeName=challenge,
            ChallengeResponses=given,
            **named,
        ),
    ]
    for call in calls:
        assert refusal(call)[0] in {"NotAuthorizedException", "InvalidParameterException"}
    assert pool.give_password(member.email, member.password)  # unchanged


def test_a_session_is_its_users_and_its_steps(
    stack: Stack, pool: StaffPool, member: Account, newcomer: Account
) -> None:
    other = new_member(stack, "dpo")[0]

    def session(account: Account = member) -> str:
        return pool.give_password(account.email, account.password)

    attempts: list[Callable[[], Any]] = [
        # Another's name, with that person's own code.
        lambda: pool.give_code(other.email, session(), code(other)),
        # Steps that are not next.
        lambda: answer(pool, "MFA_SETUP", session(), USERNAME=member.email),
        lambda: answer(
            pool,
            "NEW_PASSWORD_REQUIRED",
            session(),
            USERNAME=member.email,
            NEW_PASSWORD=new_password(),
        ),
        lambda: answer(pool, "MFA_SETUP", session(newcomer), USERNAME=newcomer.email),
        # A second authenticator in place of the one that is asked for.
        lambda: pool.cognito.associate_software_token(Session=session()),
        lambda: pool.cognito.verify_software_token(Session=session(), UserCode=code(member)),
        lambda: pool.cognito.verify_software_token(
            Session=session(newcomer), UserCode=code(newcomer)
        ),
        # Another client of the account's.
        lambda: pool.cognito.respond_to_auth_challenge(
            ClientId=stack.platform_user.client_id,
            ChallengeName="SOFTWARE_TOKEN_MFA",
            Session=session(),
            ChallengeResponses={
                "USERNAME": member.email,
                "SOFTWARE_TOKEN_MFA_CODE": code(member),
            },
        ),
    ]
    for attempt in attempts:
        assert refusal(attempt)[0] == "NotAuthorizedException"


def test_a_first_sign_in_sets_password_and_authenticator(pool: StaffPool, fresh: str) -> None:
    email, first, chosen = f"{fresh.lower()}@jutsoo.test", new_password(), new_password()
    pool.cognito.admin_create_user(
        UserPoolId=pool.pool_id, Username=email, TemporaryPassword=first, MessageAction="SUPPRESS"
    )
    asked = _by_password(pool, Account(email, "agent", first, ""))
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    given = {"USERNAME": email, "NEW_PASSWORD": "short"}
    weak = refusal(lambda: answer(pool, asked["ChallengeName"], asked["Session"], **given))
    assert weak[0] == "InvalidPasswordException"
    given["NEW_PASSWORD"] = chosen
    asked = answer(pool, asked["ChallengeName"], asked["Session"], **given)
    assert asked["ChallengeName"] == "MFA_SETUP"
    assert "AuthenticationResult" not in asked

    issued = pool.cognito.associate_software_token(Session=asked["Session"])
    account = Account(email, "agent", chosen, issued["SecretCode"])
    mismatch = refusal(
        lambda: pool.cognito.verify_software_token(
            Session=issued["Session"], UserCode=wrong_code(account)
        )
    )
    assert mismatch[0] == "EnableSoftwareTokenMFAException"
    assert pool.finish(account, issued["Session"])["AccessToken"]
    session = pool.give_password(email, chosen)
    assert pool.give_code(email, session, code(account))["AccessToken"]


def test_nobody_signs_up_or_recovers_alone(
    stack: Stack, pool: StaffPool, member: Account, fresh: str
) -> None:
    for client in (pool.client_id, stack.platform_user.client_id):
        assert (
            refusal(
                lambda client=client: pool.cognito.sign_up(  # type: ignore[misc]  # bound now
                    ClientId=client, Username=f"{fresh}@client.test", Password=new_password()
                )
            )[0]
            == "NotAuthorizedException"
        )
    for name in (member.email, f"{fresh}@jutsoo.test"):
        asked = refusal(
            lambda name=name: pool.cognito.forgot_password(  # type: ignore[misc]  # bound now
                ClientId=pool.client_id, Username=name
            )
        )
        assert asked == ("NotAuthorizedException", "Contact administrator to reset password.")


def test_there_is_no_page_without_a_second_factor(
    stack: Stack, pool: StaffPool, member: Account
) -> None:
    form = {
        "username": member.email,
        "password": member.password,
        "client_id": pool.client_id,
        "redirect_uri": stack.site_url,
        "response_type": "code",
    }
    shown = httpx.get(f"{stack.endpoint_url}/oauth2/authorize", params=form)
    sent = httpx.post(f"{stack.endpoint_url}/login", data=form)
    assert (shown.json()["error"], sent.json()["error"]) == ("unauthorized_client",) * 2


def test_a_wrong_password_and_an_unknown_user_are_answered_alike(
    pool: StaffPool, member: Account, fresh: str
) -> None:
    unknown = f"{fresh}@jutsoo.test"
    for ask in (pool.give_password, lambda *given: prove_password(pool, *given)):
        answers = {
            refusal(lambda name=name, ask=ask: ask(name, WRONG))  # type: ignore[misc]  # bound now
            for name in (member.email, unknown)
        }
        assert answers == {("NotAuthorizedException", "Incorrect username or password.")}


def test_a_refresh_token_keeps_the_role_until_it_is_revoked(stack: Stack, pool: StaffPool) -> None:
    account, token = new_member(stack, "auditor")

    def refresh() -> str:
        return pool.cognito.get_tokens_from_refresh_token(
            ClientId=pool.client_id, RefreshToken=token
        )["AuthenticationResult"]["AccessToken"]

    claims = verified(refresh(), *_keys_and_issuer(stack, pool.pool_id))
    assert claims["cognito:groups"] == [account.role]
    pool.cognito.revoke_token(ClientId=pool.client_id, Token=token)
    assert refusal(refresh)[0] == "NotAuthorizedException"


def test_the_platform_gets_the_scopes_that_it_asks_for(stack: Stack) -> None:
    def scopes(token: str) -> set[str]:
        claims = verified(token, *_keys_and_issuer(stack, stack.settings.platform_pool_id))
        assert claims["client_id"] == stack.settings.platform_client_id
        return set(claims["scope"].split())

    assert scopes(platform_token(stack, "consents:check")) == {"jaga/consents:check"}
    everything = ask_for_token(stack, *SCOPES).json()["access_token"]
    assert scopes(everything) == SCOPES


def test_the_platform_gets_nothing_else(stack: Stack) -> None:
    check = "jaga/consents:check"
    answers = {
        "unknown scope": ask_for_token(stack, "jaga/staff"),
        "user's scope": ask_for_token(stack, "aws.cognito.signin.user.admin"),
        "wrong secret": ask_for_token(stack, check, client_secret=WRONG),
        "no secret": ask_for_token(stack, check, client_secret=""),
        "staff's client": ask_for_token(
            stack, check, client_id=stack.settings.staff_client_id, client_secret=""
        ),
        "users' client": ask_for_token(
            stack, check, client_id=stack.platform_user.client_id, client_secret=""
        ),
    }
    given = {name: each.status_code for name, each in answers.items() if each.is_success}
    assert given == {}


def test_a_user_of_the_platform_has_an_id_token_to_be_vouched_for(stack: Stack) -> None:
    settings = stack.settings
    claims = verified(
        platform_user_id_token(stack),
        settings.vouch_keys_url,
        settings.vouch_issuer,
        settings.vouch_audience,
    )
    assert (claims["token_use"], claims["email"]) == ("id", stack.platform_user.email)
    assert claims["email_verified"] is True


def test_a_staff_token_is_its_roles(stack: Stack) -> None:
    for role in ("engineer", "engineer", "security"):
        claims = verified(
            staff_token(stack, role), *_keys_and_issuer(stack, stack.staff_pool.pool_id)
        )
        assert claims["cognito:groups"] == [role]


def _get(http: httpx.Client, path: str, token: str) -> httpx.Response:
    return http.get(path, headers={"authorization": f"Bearer {token}"})


def test_tokens_open_the_deployed_api(stack: Stack, http: httpx.Client) -> None:
    staff, platform = staff_token(stack, "dpo"), platform_token(stack, "consents:check")
    assert _get(http, "/v1/staff/account", staff).json()["roles"] == ["dpo"]
    assert _get(http, "/v1/platform/account", platform).json()["scopes"] == ["consents:check"]
    for path, token in (
        ("/v1/staff/account", platform),
        ("/v1/platform/account", staff),
        ("/v1/staff/account", platform_user_id_token(stack)),
    ):
        assert _get(http, path, token).status_code in {401, 403}


def test_a_vouched_user_needs_no_code(stack: Stack, http: httpx.Client) -> None:
    body = {"id_token": platform_user_id_token(stack), "language": "en"}
    opened = http.post("/v1/sessions/vouched", json=body)
    assert opened.status_code == 200, opened.text
    session = _get(http, "/v1/sessions/current", opened.json()["token"])
    assert session.json()["email"] == stack.platform_user.email
    assert http.post("/v1/sessions/vouched", json=body).status_code == 401  # it counts once


def test_a_refusal_does_not_end_the_authorizer(stack: Stack, http: httpx.Client) -> None:
    described = stack.session.client("cloudformation").describe_stack_resource(
        StackName=STACK, LogicalResourceId="Authorize"
    )["StackResourceDetail"]

    def starts() -> int:
        line = f"worker spawned for {described['PhysicalResourceId']} "
        return stack.aws.log_file.read_text("utf-8").count(line)

    assert _get(http, "/v1/staff/account", "x").status_code == 401
    before = starts()
    assert before
    for token in ("y", "z"):
        assert _get(http, "/v1/staff/account", token).status_code == 401
    assert starts() == before

"""Sign-in as Cognito does it, where the embedded Cognito gives tokens for less.

There a pool that demands a second factor hands tokens to a user who has none yet, and any challenge
after the password is answered by whoever names a user: its `Session` is not looked at. Here each
answer needs the session that the step before it made, as on AWS:

    password → NEW_PASSWORD_REQUIRED, if an administrator set the password; then one of
             → MFA_SETUP → AssociateSoftwareToken → VerifySoftwareToken → MFA_SETUP → tokens
             → SOFTWARE_TOKEN_MFA → tokens

Three ways round all this are closed: signing up where only an administrator makes accounts,
recovering a password where only an administrator may, and the hosted page, which knows no second
factor and serves clients that have no flow with a page.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.core import responses
from ministack.services import cognito
from pyotp import random_base32

from infra.local.sign_in_sessions import (
    Data,
    Refused,
    Response,
    invalid_session,
    open_session,
    owner,
    put_back,
    spend_code,
    take_session,
)

type _Handler = Callable[[Data], Response]

_answer: _Handler = responses.json_response
_associate_with_token: _Handler = cognito._associate_software_token
_verify_with_token: _Handler = cognito._verify_software_token


def install() -> None:
    """Puts this sign-in in place of the embedded Cognito's, in this process.

    Its functions have no public place; they are looked up by name when a call arrives.
    """
    replacements: dict[str, Callable[..., Any]] = {
        "_password_auth_result": _after_password,
        "_associate_software_token": _refusing(_associate),
        "_verify_software_token": _refusing(_verify),
        "_sign_up": _unless(_only_admins_create, cognito._sign_up),
        "handle_login_submit": _no_hosted_page,
    }
    for name in ("_forgot_password", "_confirm_forgot_password"):
        replacements[name] = _unless(_only_admins_recover, getattr(cognito, name))
    for name in ("_respond_to_auth_challenge", "_admin_respond_to_auth_challenge"):
        replacements[name] = _responding(getattr(cognito, name))
    for name, replacement in replacements.items():
        setattr(cognito, name, replacement)


def _refusing(handler: _Handler) -> _Handler:
    """`handler` with its refusals as answers."""

    def handle(data: Data) -> Response:
        try:
            return handler(data)
        except Refused as refused:
            return refused.response

    return handle


def _after_password(
    pool: Data, pool_id: str, client_id: str, user: Data, *_: object, **__: object
) -> Response:
    """What a right password is answered with, whatever flow proved it."""
    if user["UserStatus"] == "FORCE_CHANGE_PASSWORD":
        token = open_session(pool_id, client_id, user, "NEW_PASSWORD_REQUIRED")
        known = {each["Name"]: each["Value"] for each in user["Attributes"]}
        return _challenge(
            token, user, "NEW_PASSWORD_REQUIRED", userAttributes=known, requiredAttributes=[]
        )
    return _second_factor(pool, client_id, user)


def _second_factor(pool: Data, client_id: str, user: Data) -> Response:
    demanded = pool.get("MfaConfiguration", "OFF")
    enrolled = "SOFTWARE_TOKEN_MFA" in user.get("_mfa_enabled", []) and "_totp_secret" in user
    if demanded != "OFF" and enrolled:
        token = open_session(pool["Id"], client_id, user, "SOFTWARE_TOKEN_MFA")
        return _challenge(token, user, "SOFTWARE_TOKEN_MFA")
    if demanded == "ON":
        token = open_session(pool["Id"], client_id, user, "AssociateSoftwareToken")
        return _challenge(token, user, "MFA_SETUP", MFAS_CAN_SETUP=["SOFTWARE_TOKEN_MFA"])
    return _tokens(pool, client_id, user)


def _challenge(token: str, user: Data, name: str, **parameters: object) -> Response:
    encoded = {name: json.dumps(value) for name, value in parameters.items()}
    return _answer(
        {
            "ChallengeName": name,
            "Session": token,
            "ChallengeParameters": {"USER_ID_FOR_SRP": user["Username"], **encoded},
        }
    )


def _tokens(pool: Data, client_id: str, user: Data) -> Response:
    result = cognito._build_auth_result(pool["Id"], client_id, user)
    return _answer({"AuthenticationResult": result})


def _responding(otherwise: _Handler) -> _Handler:
    """Answers a challenge. That of SRP, the proof of a password, is `otherwise`'s."""
    answers = {
        "NEW_PASSWORD_REQUIRED": _set_password,
        "SOFTWARE_TOKEN_MFA": _check_code,
        "MFA_SETUP": _finish_setup,
    }

    def respond(data: Data) -> Response:
        name = data.get("ChallengeName")
        if name == "PASSWORD_VERIFIER":
            return otherwise(data)
        if name not in answers:
            # Its other challenges give tokens to whoever names a user.
            raise Refused("InvalidParameterException", "Unsupported challenge")
        given = data.get("ChallengeResponses") or {}
        session = take_session(data.get("Session"), name)
        pool, user = owner(session)
        named, _ = cognito._resolve_user(pool, given.get("USERNAME"))
        if named is not user:  # that it is the client's, the embedded Cognito asks itself
            raise invalid_session()
        try:
            return answers[name](pool, session, user, given)
        except Refused:
            put_back(data["Session"], session)
            raise

    return _refusing(respond)


def _set_password(pool: Data, session: Data, user: Data, given: Data) -> Response:
    password = given.get("NEW_PASSWORD") or ""
    if cognito._password_policy_errors(pool, password):
        message = "Password does not conform to policy"
        raise Refused("InvalidPasswordException", message)
    user.update(_password=password, UserStatus="CONFIRMED")
    return _second_factor(pool, session["client_id"], user)


def _check_code(pool: Data, session: Data, user: Data, given: Data) -> Response:
    code = given.get("SOFTWARE_TOKEN_MFA_CODE")
    if not spend_code(user, user["_totp_secret"], code):
        raise Refused("CodeMismatchException", "Invalid code received for user")
    return _tokens(pool, session["client_id"], user)


def _finish_setup(pool: Data, session: Data, user: Data, _: Data) -> Response:
    return _tokens(pool, session["client_id"], user)


def _associate(data: Data) -> Response:
    if "AccessToken" in data:
        return _associate_with_token(data)
    session = take_session(data.get("Session"), "AssociateSoftwareToken")
    secret = random_base32()
    _, user = owner(session)
    token = open_session(
        session["pool_id"], session["client_id"], user, "VerifySoftwareToken", secret=secret
    )
    return _answer({"SecretCode": secret, "Session": token})


def _verify(data: Data) -> Response:
    if "AccessToken" in data:
        return _verify_with_token(data)
    session = take_session(data.get("Session"), "VerifySoftwareToken")
    _, user = owner(session)
    if not spend_code(user, session["secret"], data.get("UserCode")):
        put_back(data["Session"], session)
        raise Refused("EnableSoftwareTokenMFAException", "Code mismatch")
    user.update(_totp_secret=session["secret"], _preferred_mfa="SOFTWARE_TOKEN_MFA")
    user["_mfa_enabled"] = [*{*user.get("_mfa_enabled", []), "SOFTWARE_TOKEN_MFA"}]
    token = open_session(session["pool_id"], session["client_id"], user, "MFA_SETUP")
    return _answer({"Status": "SUCCESS", "Session": token})


def _unless(forbids: Callable[[Data], Refused | None], handler: _Handler) -> _Handler:
    """`handler`, unless the client's pool forbids it to everybody."""

    def handle(data: Data) -> Response:
        pool, _ = cognito._pool_for_client(data.get("ClientId"))
        refused = forbids(pool) if pool else None
        return refused.response if refused else handler(data)

    return handle


def _only_admins_create(pool: Data) -> Refused | None:
    if not pool["AdminCreateUserConfig"].get("AllowAdminCreateUserOnly"):
        return None
    return Refused("NotAuthorizedException", "SignUp is not permitted for this user pool")


def _only_admins_recover(pool: Data) -> Refused | None:
    ways = pool["AccountRecoverySetting"].get("RecoveryMechanisms", [])
    if [way["Name"] for way in ways] != ["admin_only"]:
        return None
    return Refused("NotAuthorizedException", "Contact administrator to reset password.")


def _no_hosted_page(*_: object) -> Response:
    body = json.dumps({"error": "unauthorized_client"}).encode()
    return 400, {"Content-Type": "application/json"}, body

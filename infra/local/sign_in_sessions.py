"""The sessions between the steps of a sign-in, and the codes of authenticators.

As on AWS a session is bound to a user, a client and the one call that it awaits, ends when the
client says (after three minutes) and is spent by that call. A wrong answer leaves it standing, here
four times; how often on AWS is not documented. A code is good once (RFC 6238, section 5.2).
"""

import hmac
import threading
import time
from typing import Any

from ministack.core import responses
from ministack.services import cognito
from pyotp import TOTP

type Data = dict[str, Any]
type Response = tuple[int, dict[str, str], bytes]

_PERIOD = 30  # seconds that an authenticator shows a code
_TRIES = 5
_lock = threading.Lock()  # the embedded Cognito answers each call in a thread of its own


class Refused(Exception):
    """Cognito's error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.response: Response = responses.error_response_json(code, message, 400)


def open_session(pool_id: str, client_id: str, user: Data, awaits: str, **more: str) -> str:
    token, session = cognito._create_challenge_session(pool_id, client_id, user["Username"])
    session.update(awaits=awaits, tries=0, **more)
    return str(token)


def take_session(token: object, awaits: str) -> Data:
    """The session, which is gone from now on: of two calls with it, one finds nothing."""
    with _lock:
        session: Data | None = cognito._get_challenge_session(token)[0]
        if session is None or session.get("awaits") != awaits:
            raise invalid_session()
        del cognito._challenge_sessions[token]
    return session


def put_back(token: str, session: Data) -> None:
    session["tries"] += 1
    if session["tries"] < _TRIES:
        cognito._challenge_sessions[token] = session


def owner(session: Data) -> tuple[Data, Data]:
    """The pool and the user of a session."""
    pool = cognito._user_pools.get(session["pool_id"]) or {}
    user = pool.get("_users", {}).get(session["username"])
    if not user or not user["Enabled"]:
        raise invalid_session()
    return pool, user


def invalid_session() -> Refused:
    return Refused("NotAuthorizedException", "Invalid session for the user.")


def spend_code(user: Data, secret: str, code: object) -> bool:
    """Whether `code` is the secret's of now or of a period around it, and not used before."""
    now = int(time.time()) // _PERIOD
    periods = [
        period
        for period in (now - 1, now, now + 1)
        if hmac.compare_digest(TOTP(secret).generate_otp(period).encode(), str(code).encode())
    ]
    if not periods:
        return False
    with _lock:
        if periods[0] <= user.get("_totp_spent", {}).get(secret, 0):
            message = "Your software token has already been used once."
            raise Refused("ExpiredCodeException", message)
        user["_totp_spent"] = {secret: periods[0]}
    return True

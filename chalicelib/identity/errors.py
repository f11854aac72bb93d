"""What several rooms of identity refuse."""

from chalicelib.errors import Unauthenticated


class SessionUnknown(Unauthenticated):
    """No session behind the token: never opened, ended, expired, or of another purpose."""

    code = "session_unknown"

"""What can be wrong with somebody else's token."""

from chalicelib.errors import Unauthenticated, Unavailable


class InvalidToken(Unauthenticated):
    """Not a token of this issuer for us, or not any more. One word for every reason."""

    code = "invalid_token"


class KeysUnavailable(Unavailable):
    """The issuer's keys cannot be fetched, and none are held: nobody can be told from anybody."""

    code = "keys_unavailable"

"""The `Idempotency-Key` header: under one key an unsafe call happens once in 24 hours."""

import json
import re

from chalice.app import Request
from pydantic import BaseModel

from chalicelib.errors import FieldError, InvalidInput
from chalicelib.http.access import Caller
from chalicelib.idempotency.models import KeyedCall

KEY_HEADER = "Idempotency-Key"
KEY_PATTERN = "^[!-~]{1,64}$"
KEY_DESCRIPTION = (
    "Chosen by the caller at random, for one call and its repeats: within 24 hours a repeat changes"
    " nothing. The same key for another request is refused (`idempotency_conflict`)."
)
_KEY = re.compile(KEY_PATTERN)


def keyed_call(
    operation: str, request: Request, body: BaseModel | None, caller: Caller
) -> KeyedCall | None:
    """The call under its key; None without one.

    `operation` is method and path. Path parameters and `body` are the request: what it means
    counts, not how it is spelled. Raises `InvalidInput` for a key that is not 1 to 64 visible ASCII
    characters.
    """
    key = request.headers.get(KEY_HEADER.lower())
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise InvalidInput(FieldError(KEY_HEADER.lower(), "wrong_format"))
    parameters = sorted((request.uri_params or {}).items())
    asked = json.dumps([parameters, body.model_dump(mode="json") if body is not None else None])
    return KeyedCall(caller.kind, caller.id, operation, key, asked)

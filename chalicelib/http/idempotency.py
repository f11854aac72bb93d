"""The `Idempotency-Key` header: under one key an unsafe call happens once in 24 hours."""

import json
import re

from chalice.app import Request
from pydantic import BaseModel

from chalicelib.errors import FieldError, InvalidInput
from chalicelib.http.access import NOBODY, Access, Anyone, Caller
from chalicelib.idempotency.models import KeyedCall

KEY_HEADER = "Idempotency-Key"
KEY_PATTERN = "^[!-~]{1,64}$"
KEY_DESCRIPTION = (
    "Chosen by the caller at random, for one call and its repeats: within 24 hours a repeat changes"
    " nothing. The same key for another request is refused (`idempotency_conflict`)."
)
LONG_KEY_PATTERN = "^[!-~]{16,64}$"
LONG_KEY_DESCRIPTION = (
    f"{KEY_DESCRIPTION} Nobody else may be able to guess it (a random UUID does): whoever repeats"
    " the call with it gets its answer."
)
"""Callers whom no token tells apart are told apart by their keys alone."""


def key_pattern(access: Access) -> str:
    """What a key of an operation with this `access` looks like."""
    return LONG_KEY_PATTERN if isinstance(access, Anyone) else KEY_PATTERN


def keyed_call(
    operation: str, request: Request, body: BaseModel | None, caller: Caller, pattern: str
) -> KeyedCall | None:
    """The call under its key; None without one.

    `operation` is method and path. Path parameters and `body` are the request: what it means
    counts, not how it is spelled. A call of nobody known has no caller's id: the service scopes it
    (`KeyedCall.of`). Raises `InvalidInput` for a key unlike `pattern`.
    """
    key = request.headers.get(KEY_HEADER.lower())
    if key is None:
        return None
    if not re.fullmatch(pattern, key):
        raise InvalidInput(FieldError(KEY_HEADER.lower(), "wrong_format"))
    parameters = sorted((request.uri_params or {}).items())
    asked = json.dumps([parameters, body.model_dump(mode="json") if body is not None else None])
    caller_id = "" if caller.kind == NOBODY else caller.id
    return KeyedCall(caller.kind, caller_id, operation, key, asked)

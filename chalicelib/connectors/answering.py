"""Calls to others' AWS resources: whatever goes wrong there, the place did not answer."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.connectors.places import PlaceUnavailable


def answer_of(call: Callable[..., Any], *unless: str, **parameters: Any) -> Any:
    """What `call` answers, None where it is refused with one of the error codes `unless`.

    Raises `PlaceUnavailable`: throttled, away, not allowed to us, or not what the map says.
    """
    try:
        return call(**parameters)
    except ClientError as refusal:
        if refusal.response["Error"]["Code"] in unless:
            return None
        raise PlaceUnavailable from refusal
    except BotoCoreError as error:
        raise PlaceUnavailable from error

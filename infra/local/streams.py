"""Streams of tables that last over restarts, as their readers' positions do.

The embedded DynamoDB saves how far each reader of a stream got, but not the stream: after a restart
a reader at position 40 would pass over the first forty records that are written. And what was
written and not read yet would be gone, a mail in the outbox among it. On AWS a stream keeps its
records for 24 hours.
"""

from typing import Any

from ministack.services import dynamodb

_get_state = dynamodb.get_state
_load_state = dynamodb.load_persisted_state
_KEPT = ("_stream_records", "_stream_trimmed")


def install() -> None:
    """Makes the embedded DynamoDB of this process save and load its streams."""
    dynamodb.get_state = _state_with_streams
    dynamodb.load_persisted_state = _load_with_streams


def _state_with_streams() -> dict[str, Any]:
    state: dict[str, Any] = _get_state()
    return state | {name: getattr(dynamodb, name) for name in _KEPT}


def _load_with_streams(state: dict[str, Any]) -> None:
    _load_state(state)
    for name in _KEPT:
        getattr(dynamodb, name).update(state.get(name, {}))

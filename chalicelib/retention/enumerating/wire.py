"""Enumerations on the wire."""

from collections.abc import Mapping

from chalicelib.retention.records.wire import MapName
from chalicelib.wire import Answer, Wire


class EnumerateIn(Wire):
    """The body of `POST /v1/staff/retention/enumerations`."""

    place: MapName
    collection: MapName


class EnumerationView(Answer):
    """How far the last enumeration of a collection has come, in records.

    `refused` counts by the code of what spoke against a row or its registration. `problem` is the
    code of what stands in its way; `next_at` is when somebody looks after it again by itself.
    """

    enumeration_id: str
    place: str
    collection: str
    stage: str
    begun_at: str
    ended_at: str | None = None
    created: int
    updated: int
    unchanged: int
    refused: Mapping[str, int]
    problem: str | None = None
    next_at: str | None = None

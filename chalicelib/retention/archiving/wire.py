"""The archive on the wire."""

from pydantic import JsonValue

from chalicelib.wire import Answer


class ArchivedView(Answer):
    """An archived record: where its rows were, why and how long they are kept, and the rows."""

    record_id: str
    place: str
    collection: str
    category: str
    rule: str
    archived_at: str
    archived_until: str
    rows: tuple[dict[str, JsonValue], ...]

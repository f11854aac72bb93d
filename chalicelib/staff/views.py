"""What the API shows of the trail."""

from collections.abc import Mapping

from chalicelib.audit.entry import Entity, Entry, UnfitForTrail
from chalicelib.audit.trail import Trail
from chalicelib.clock import rfc3339
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.http.paging import page_asked
from chalicelib.staff.models import TrailEntry, TrailPage
from chalicelib.tables.cursors import Cursors


def entity_of(entity_type: str, entity_id: str) -> Entity:
    """The entity that a path names. Raises `InvalidInput`."""
    try:
        return Entity(entity_type, entity_id)
    except UnfitForTrail:
        raise InvalidInput(FieldError("entity_id", "wrong_format")) from None


def trail_page(
    trail: Trail, cursors: Cursors, entity: Entity, query: Mapping[str, str]
) -> TrailPage:
    """The page of the trail that `query` asks for.

    Raises `InvalidInput` for a bad `limit` or `cursor`. An entity that nothing happened to has no
    entries.
    """
    listing = f"audit/{entity}"
    asked = page_asked(query, listing, cursors)
    entries, last = trail.page(entity, asked.limit, asked.start)
    return TrailPage(
        entity=str(entity),
        entries=tuple(map(_entry, entries)),
        cursor=cursors.encode(listing, last) if last else None,
    )


def _entry(entry: Entry) -> TrailEntry:
    return TrailEntry(
        id=entry.id,
        seq=entry.seq,
        at=rfc3339(entry.moment),
        actor=str(entry.actor),
        action=entry.action,
        facts=dict(entry.facts),
        previous=entry.previous.hex(),
        hash=entry.hash.hex(),
    )

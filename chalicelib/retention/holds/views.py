"""What the API shows of holds."""

from collections.abc import Mapping
from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.http.paging import page_asked
from chalicelib.retention.holds.models import Hold
from chalicelib.retention.holds.service import Holds
from chalicelib.retention.holds.wire import HoldLine, HoldList, HoldView
from chalicelib.retention.targets import TargetKind
from chalicelib.tables.cursors import Cursors

_ACTIVE = "holds/active"


def hold_line(hold: Hold) -> HoldLine:
    """The hold without what may name people."""
    return HoldLine(**_line(hold))


def hold_view(hold: Hold) -> HoldView:
    """The hold with all that it says."""
    return HoldView(
        **_line(hold), ground=hold.ground, citation=hold.citation, reason=hold.reason or None
    )


def active_page(holds: Holds, cursors: Cursors, query: Mapping[str, str]) -> HoldList:
    """The page of the active holds that `query` asks for.

    Raises `InvalidInput` for a bad `limit` or `cursor`.
    """
    asked = page_asked(query, _ACTIVE, cursors)
    found, last = holds.active(asked.limit, asked.start)
    return HoldList(
        holds=tuple(map(hold_line, found)),
        cursor=cursors.encode(_ACTIVE, last) if last else None,
    )


def _line(hold: Hold) -> dict[str, Any]:
    target = hold.target
    return {
        "hold_id": hold.hold_id,
        "kind": target.kind.value,
        # A person's token says nothing to anybody and leads to everything about it.
        "value": None if target.kind is TargetKind.PERSON else target.value,
        "owner": hold.owner,
        "placed_by": hold.placed_by,
        "placed_at": rfc3339(hold.placed_at),
        "review_at": rfc3339(hold.review_at),
        "released_by": hold.released_by,
        "released_at": rfc3339(hold.released_at) if hold.released_at else None,
    }

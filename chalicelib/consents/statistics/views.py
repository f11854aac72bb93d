"""What the API shows of statistics."""

import re
from collections.abc import Mapping
from datetime import date

from chalicelib.consents.event_store import NO_SITE
from chalicelib.consents.statistics.models import Group
from chalicelib.consents.statistics.service import Statistics
from chalicelib.consents.statistics.wire import GroupPage, GroupView
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.http.paging import page_asked
from chalicelib.tables.cursors import Cursors

DAY_PATTERN = r"^2[0-9]{3}-[0-9]{2}-[0-9]{2}$"


def group_page(statistics: Statistics, cursors: Cursors, query: Mapping[str, str]) -> GroupPage:
    """The page of groups that `query` asks for: `from`, `to`, `limit`, `cursor`.

    Raises `InvalidInput`.
    """
    since, until = _day(query, "from"), _day(query, "to")
    listing = f"statistics/{since}/{until}"
    asked = page_asked(query, listing, cursors)
    groups, last = statistics.page(since, until, asked.limit, asked.start)
    return GroupPage(
        groups=tuple(map(_view, groups)),
        cursor=cursors.encode(listing, last) if last else None,
    )


def _day(query: Mapping[str, str], name: str) -> date | None:
    if name not in query:
        return None
    try:
        if re.fullmatch(DAY_PATTERN, query[name]):
            return date.fromisoformat(query[name])
    except ValueError:  # a day that no calendar has
        pass
    raise InvalidInput(FieldError(name, "wrong_format"))


def _view(group: Group) -> GroupView:
    cell = group.cell
    return GroupView(
        day=cell.day.isoformat(),
        source=cell.source,
        purpose=cell.purpose,
        state=cell.state,
        language=cell.language,
        site=None if cell.site == NO_SITE else cell.site,
        count=group.count,
    )

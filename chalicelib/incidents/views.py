"""What the API makes of what it is told of incidents, and the register as it is listed."""

from collections.abc import Mapping

from chalicelib.errors import FieldError, InvalidInput
from chalicelib.http.paging import page_asked
from chalicelib.incidents.describing import PLAIN, incident_line, texts_from
from chalicelib.incidents.models import DataCategory, Facts
from chalicelib.incidents.register import Register
from chalicelib.incidents.wire import FactsIn, IncidentList
from chalicelib.inventory.service import kinds_of_data
from chalicelib.tables.cursors import Cursors


def facts_from(said: FactsIn) -> Facts:
    """The facts that somebody sent. Raises `InvalidInput` for data that the policy does not know,
    and for an end before the beginning."""
    since, until = said.occurred_from, said.occurred_until
    if since and until and until < since:
        raise InvalidInput(FieldError("occurred_until", "before_occurred_from"))
    return Facts(
        **{name: getattr(said, name) for name in PLAIN},
        more_clients=bool(said.more_clients),
        nature=texts_from(said.nature),
        how=texts_from(said.how),
        consequences=texts_from(said.consequences),
        measures=texts_from(said.measures),
        recovery=texts_from(said.recovery),
        kinds=frozenset(said.kinds),
        occurred_from=since,
        occurred_until=until,
        categories=_categories(said.categories),
    )


def register_page(register: Register, cursors: Cursors, query: Mapping[str, str]) -> IncidentList:
    """The page of the register that `query` asks for.

    Raises `InvalidInput` for a bad `limit`, `cursor` or `year`.
    """
    year = _year(query.get("year")) or register.this_year()
    listing = f"incidents/{year}"
    asked = page_asked(query, listing, cursors)
    found, last = register.page(year, asked.limit, asked.start)
    return IncidentList(
        incidents=tuple(map(incident_line, found)),
        cursor=cursors.encode(listing, last) if last else None,
    )


def _categories(ids: tuple[str, ...]) -> tuple[DataCategory, ...]:
    known = kinds_of_data()
    for place, each in enumerate(ids):
        if each not in known:
            raise InvalidInput(FieldError(f"categories.{place}", "unknown_category"))
    return tuple(DataCategory(each, known[each]) for each in ids)


def _year(asked: str | None) -> int | None:
    if asked is None:
        return None
    if not (asked.isascii() and asked.isdigit() and len(asked) == 4):
        raise InvalidInput(FieldError("year", "wrong_format"))
    return int(asked)

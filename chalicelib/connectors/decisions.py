"""What a deed makes of one row, by what the data map says. Pure decisions.

A row that a mandate keeps is not erased before the mandate's last day. Until then what the mandate
does not want is masked, and the row is marked as restricted where the map names a field for it.
"""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from chalicelib.connectors.datamap.models import Collection, Erase, Field, Keep
from chalicelib.connectors.masking import Mask, mask_for
from chalicelib.connectors.places import Json
from chalicelib.connectors.rows import changes_by, values_at
from chalicelib.connectors.stores import Decide, Decision, Hold, Values
from chalicelib.inventory.service import Mandate
from chalicelib.law.periods import end_of_hold

type Mandates = Mapping[str, Mandate]

# The mandates are Indonesian laws: what happened at 20:00 UTC on New Year's Eve is in the next
# tax year, and is kept a year longer.
_ZONE = ZoneInfo("Asia/Jakarta")


def erasure(collection: Collection, mandates: Mandates, today: date, salt: bytes) -> Decide:
    """Erases a row as far as no mandate keeps it. `salt` is for masks (`masking.py`)."""

    def decide(row: Values) -> Decision:
        holds = [
            hold
            for keep in collection.keeps
            if (hold := _hold(keep, mandates[keep.rule], row)).until is None or hold.until >= today
        ]
        if holds:
            wanted = _wanted(collection, {each.rule for each in holds})
            masked = _masked(collection, row, wanted, salt)
            return Decision(
                changes=masked | _marked(collection, row),
                holds=tuple(holds),
                lasting=_lasting(collection, row, wanted),
            )
        if collection.erase is Erase.DELETE:
            return Decision(delete=True)
        return Decision(changes=_masked(collection, row, frozenset(), salt))

    return decide


def correction(collection: Collection, values: Mapping[str, str]) -> Decide:
    """Writes the new `values` into the fields of exactly these categories that hold something.

    What finds a row (primary keys) and what is read-only stays. A restricted row is corrected too:
    the person asks for it (GDPR 18(2)), and often it is what the restriction waits for (18(1)(a)).
    """
    corrected = {
        path: values[category]
        for path, field in collection.fields.items()
        for category in field.categories
        if category in values and not field.stays
    }

    def decide(row: Values) -> Decision:
        by = {path: _constant(value) for path, value in corrected.items()}
        return Decision(changes=changes_by(by, row))

    return decide


def restriction(collection: Collection) -> Decide:
    """Marks a row as restricted, where the map names a field for it (GDPR 18, UU PDP 11)."""
    return lambda row: Decision(changes=_marked(collection, row))


def _hold(keep: Keep, mandate: Mandate, row: Values) -> Hold:
    """The hold of `keep`; its end is not known while its trigger has no date that can be read."""
    starts = [_day(each) for each in values_at(row, keep.since)]
    if not starts or None in starts:
        return Hold(mandate.id, mandate.citation, None)
    latest = max(each for each in starts if each)
    try:
        until = end_of_hold(latest, mandate.years, year_end=mandate.year_end)
    except ValueError:  # behind the calendar's end: 9999-12-31, where others write "never"
        return Hold(mandate.id, mandate.citation, None)
    return Hold(mandate.id, mandate.citation, until)


def _day(value: Json) -> date | None:
    """The day of a date or a time (ISO 8601), in the mandates' zone if the time has an offset.

    None for everything else: to take a part of it for the day could end a hold too early.
    """
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        return at and (at.astimezone(_ZONE) if at.tzinfo else at).date()
    except (ValueError, OverflowError):
        return None


def _wanted(collection: Collection, rules: set[str]) -> frozenset[str]:
    """The fields that these mandates want; all of them when one of them wants all."""
    wanted: set[str] = set()
    for keep in collection.keeps:
        if keep.rule in rules:
            wanted |= keep.fields or collection.fields.keys()
    return frozenset(wanted)


def _masked(
    collection: Collection, row: Values, wanted: frozenset[str], salt: bytes
) -> dict[str, Json]:
    masks = {
        path: mask_for(field, salt)
        for path, field in collection.fields.items()
        if path not in wanted and _is_masked(field)
    }
    return changes_by(masks, row)


def _lasting(collection: Collection, row: Values, wanted: frozenset[str]) -> dict[str, Json]:
    """`row` without the fields that its erasure masks or marks."""
    empties: dict[str, Mask] = {
        path: lambda _old: None
        for path, field in collection.fields.items()
        if path not in wanted and _is_masked(field)
    }
    mark = collection.restriction.field if collection.restriction else None
    left = {**row, **changes_by(empties, row)}
    return {name: value for name, value in left.items() if name != mark and value is not None}


def _is_masked(field: Field) -> bool:
    """A key stays, or there would be no row to speak of; a map may mask what is not personal."""
    touched = field.is_personal or field.masking is not None
    return touched and not field.stays


def _marked(collection: Collection, row: Values) -> dict[str, Json]:
    mark = collection.restriction
    if mark is None or row.get(mark.field) == mark.value:
        return {}
    return {mark.field: mark.value}


def _constant(value: str) -> Mask:
    return lambda _old: value

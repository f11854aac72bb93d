"""What anonymising makes of a row, as the data map declares it field by field. Pure.

Every transformation answers in the form that it was given (a number for a number, a date for a
date), so that a typed column takes it, and what it cannot read it drops. Done again, all but the
keyed hash change nothing more.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from chalicelib.connectors.datamap.models import (
    Anonymising,
    Collection,
    Field,
    Masking,
    Strategy,
)
from chalicelib.connectors.masking import mask_for
from chalicelib.connectors.places import Json
from chalicelib.connectors.rows import changes_by, texts_at, values_at
from chalicelib.connectors.stores import Values

type Transform = Callable[[Json], Json]
type Combination = tuple[str, ...]
"""What is left in a row's quasi-identifiers: personal data for as long as too few share it."""

_EMPTY = (None, "")
_MOST_STEPS = 10**15
"""A float tells no more of them apart, and what is rounded again has to stay as it is."""
_MOST_DIGITS = 400
"""Of a number: exact arithmetic with 1e1000000000 would never end."""


@dataclass(frozen=True, slots=True)
class Anonymiser:
    """The transformations of a collection, by field, and its quasi-identifiers."""

    transforms: Mapping[str, Transform]
    quasi_identifiers: tuple[str, ...] = ()

    def changes(self, row: Values) -> dict[str, Json]:
        """The topmost fields of `row` that are to be another."""
        return changes_by(self.transforms, row)

    def combination(self, row: Values) -> Combination:
        """What the quasi-identifiers of `row` hold once it is anonymised."""
        return tuple(self._left(row, path) for path in self.quasi_identifiers)

    def _left(self, row: Values, path: str) -> str:
        transform = self.transforms.get(path, _same)
        left = (transform(value) for value in values_at(row, path) if value is not None)
        # How a store writes that there is nothing is the same to whoever looks.
        return json.dumps([value for value in left if value not in _EMPTY], sort_keys=True)


def anonymiser_for(collection: Collection, key: bytes) -> Anonymiser:
    """How rows of `collection` are anonymised.

    What is personal and declares nothing is dropped; primary keys and what is read-only stay, and
    so does what the map does not speak of. `key` (32 bytes) is made for one deed and kept nowhere:
    nobody, we included, can tell again whom a keyed hash is of.
    """
    transforms = {
        path: transform_for(field, key)
        for path, field in collection.fields.items()
        if (field.is_personal or field.anonymising) and not field.stays
    }
    anonymity = collection.anonymity
    return Anonymiser(transforms, anonymity.quasi_identifiers if anonymity else ())


def transform_for(field: Field, key: bytes) -> Transform:
    """How the values of `field` are transformed; None is an emptied one."""
    match field.anonymising:
        case Anonymising(Strategy.KEYED_HASH):
            return mask_for(replace(field, masking=Masking("hmac")), key)
        case Anonymising(Strategy.BUCKET, edges=edges):
            return lambda value: _bucketed(value, edges)
        case Anonymising(Strategy.GENERALISE, to=str(to)):
            return lambda value: _begun(value, to)
        case Anonymising(Strategy.GENERALISE, step=int() | float() as step):
            return lambda value: _rounded(value, Fraction(str(step)))
        case Anonymising(Strategy.GENERALISE, prefix=int(prefix)):
            return lambda value: value[:prefix] if isinstance(value, str) else None
    return _dropped


def shared_by(
    k: int, wanted: Iterable[Combination], rows: Iterable[Values], key: str, anonymiser: Anonymiser
) -> frozenset[Combination]:
    """Those of `wanted` that at least `k` of `rows`, told apart by the field `key`, have in common.

    Reads `rows` no further than it takes, and remembers at most `k` keys per combination.
    """
    sharing: dict[Combination, set[str]] = {each: set() for each in wanted}
    missing = len(sharing)
    for row in rows if missing else ():
        members = sharing.get(anonymiser.combination(row))
        if members is None or len(members) >= k:
            continue
        members.update(texts_at(row, key))
        missing -= len(members) >= k
        if not missing:
            break
    return frozenset(each for each, members in sharing.items() if len(members) >= k)


def _same(value: Json) -> Json:
    return value


def _dropped(value: Json) -> Json:
    """Nothing; what a column that has to hold something holds instead stays."""
    return value if value == "" else None


def _begun(value: Json, to: str) -> Json:
    """The first day of the year or month; a time becomes the first moment of it, in UTC."""
    if not isinstance(value, str):
        return None
    try:
        return _first(date.fromisoformat(value), to).isoformat()
    except ValueError:  # no date: perhaps a time
        pass
    try:
        at = datetime.fromisoformat(value)
        # The offset would tell where somebody was.
        day = _first((at.astimezone(UTC) if at.tzinfo else at).date(), to)
        return datetime(day.year, day.month, 1, tzinfo=at.tzinfo and UTC).isoformat()
    except (ValueError, OverflowError):
        return None


def _first(day: date, to: str) -> date:
    return day.replace(month=1, day=1) if to == "year" else day.replace(day=1)


def _rounded(value: Json, step: Fraction) -> Json:
    """The nearest multiple of `step`."""
    number = _number(value)
    steps = None if number is None else round(number / step)
    return None if steps is None or abs(steps) >= _MOST_STEPS else _like(value, steps * step)


def _bucketed(value: Json, edges: tuple[float, ...]) -> Json:
    """The lower edge of the range that `value` is in; below all of them there is none."""
    number = _number(value)
    if number is None:
        return None
    below = [edge for edge in edges if Fraction(str(edge)) <= number]
    return _like(value, Fraction(str(below[-1]))) if below else None


def _number(value: Json) -> Fraction | None:
    """The exact number, also where a store writes it as text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        return None
    # NaN and the infinite have no exponent that is a number.
    return Fraction(exact) if exact.is_finite() and abs(exact.adjusted()) < _MOST_DIGITS else None


def _like(value: Json, number: Fraction) -> Json:
    """`number` as text where `value` is one."""
    if not isinstance(value, str):
        return int(number) if number.denominator == 1 else float(number)
    if number.denominator == 1:
        return str(int(number))
    return format(Decimal(number.numerator) / number.denominator, "f")

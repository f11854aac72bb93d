"""From a pack's TOML to its values: strict, so that a slip in the data is found when it is read."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from chalicelib.law.checking import check
from chalicelib.law.models import (
    Confidence,
    Ground,
    LimitBy,
    Pack,
    Party,
    PauseReason,
    Period,
    Place,
    Rule,
    Start,
    Text,
    Threshold,
    Timing,
    Unit,
)


def parse(table: Mapping[str, Any]) -> Pack:
    """The pack in `table`, as `tomllib` gives it.

    Raises `ValueError` for a field that is missing, unknown or of another type, and for a pack that
    contradicts itself.
    """
    reader = _Fields("pack", table)
    loaded = Pack(
        id=reader.text("id"),
        version=reader.text("version"),
        name=reader.words("name"),
        law=reader.text("law"),
        default_place=reader.text("default_place"),
        places={each.id: each for each in map(_place, reader.tables("places"))},
        rules=tuple(map(_rule, reader.tables("rules"))),
        grounds=tuple(map(_ground, reader.tables("grounds"))) if reader.has("grounds") else (),
    )
    reader.end()
    check(loaded)
    return loaded


def _place(table: Mapping[str, Any]) -> Place:
    reader = _Fields("place", table)
    place = Place(reader.text("id"), reader.text("zone"), tuple(reader.texts("calendars")))
    reader.end()
    return place


def _rule(table: Mapping[str, Any]) -> Rule:
    reader = _Fields("rule", table)
    rule = Rule(
        id=reader.text("id"),
        article=reader.text("article"),
        about=reader.words("about"),
        rights=frozenset(reader.texts("rights")),
        event=reader.text("event") if reader.has("event") else None,
        binds=reader.choice("binds", Party, Party.CONTROLLER),
        starts=reader.choice("starts", Start),
        timing=reader.choice("timing", Timing, Timing.WITHIN),
        limit=reader.period("limit"),
        limit_by=reader.choice("limit_by", LimitBy, LimitBy.LAW),
        extension=reader.period("extension"),
        rolls=reader.flag("rolls"),
        pauses=frozenset(map(PauseReason, reader.texts("pauses"))),
        threshold=reader.choice("threshold", Threshold, Threshold.NONE),
        note=reader.words("note") if reader.has("note") else None,
        source=reader.text("source"),
        confidence=reader.choice("confidence", Confidence),
        in_force_from=reader.day("in_force_from"),
        in_force_until=reader.day("in_force_until") if reader.has("in_force_until") else None,
    )
    reader.end()
    return rule


def _ground(table: Mapping[str, Any]) -> Ground:
    reader = _Fields("ground", table)
    ground = Ground(
        id=reader.text("id"),
        article=reader.text("article"),
        text=reader.words("text"),
        rights=frozenset(reader.texts("rights")),
        source=reader.text("source"),
        confidence=reader.choice("confidence", Confidence),
        in_force_from=reader.day("in_force_from"),
    )
    reader.end()
    return ground


class _Fields:
    """The fields of one table; what was never asked for is an error at the `end`."""

    def __init__(self, kind: str, table: Mapping[str, Any]) -> None:
        self._where = f"{kind} {table.get('id', '?')}"
        self._left = dict(table)

    def has(self, name: str) -> bool:
        return name in self._left

    def text(self, name: str) -> str:
        value = self._take(name, str)
        if not value.strip():
            raise self._wrong(name)
        return value

    def words(self, name: str) -> Text:
        reader = _Fields(f"{self._where}, {name}", self._take(name, dict))
        text = Text(en=reader.text("en"), id=reader.text("id"))
        reader.end()
        return text

    def texts(self, name: str) -> list[str]:
        values = self._take(name, list) if self.has(name) else []
        if not all(isinstance(each, str) for each in values) or len(set(values)) < len(values):
            raise self._wrong(name)
        return values

    def tables(self, name: str) -> list[dict[str, Any]]:
        values = self._take(name, list)
        if not values or not all(isinstance(each, dict) for each in values):
            raise self._wrong(name)
        if len({each.get("id") for each in values}) < len(values) and name != "rules":
            raise ValueError(f"{self._where}: an id of its {name} occurs twice")
        return values

    def choice[E: StrEnum](self, name: str, kind: type[E], default: E | None = None) -> E:
        if default is not None and not self.has(name):
            return default
        return kind(self.text(name))

    def period(self, name: str) -> Period | None:
        if not self.has(name):
            return None
        reader = _Fields(f"{self._where}, {name}", self._take(name, dict))
        amount, unit = reader._take("amount", int), reader.choice("unit", Unit)
        reader.end()
        if amount < 1:
            raise self._wrong(name)
        return Period(amount, unit)

    def flag(self, name: str) -> bool:
        return self._take(name, bool) if self.has(name) else False

    def day(self, name: str) -> date:
        return self._take(name, date)

    def end(self) -> None:
        if self._left:
            raise ValueError(f"{self._where}: unknown {', '.join(sorted(self._left))}")

    def _take[T](self, name: str, kind: type[T]) -> T:
        value = self._left.pop(name, None)
        # Exactly: a bool is an int to isinstance, and a datetime is a date.
        if type(value) is not kind:
            raise self._wrong(name)
        return value

    def _wrong(self, name: str) -> ValueError:
        return ValueError(f"{self._where}: {name} is missing or wrong")

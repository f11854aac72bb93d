"""Reading and changing a field deep inside a row. A path through a list goes to each member."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import cast

from chalicelib.connectors.places import Json


def values_at(row: Mapping[str, Json], path: str) -> Iterator[Json]:
    """What is in the field `path` of `row`: none where it is absent, several through lists."""
    return _values(cast("dict[str, Json]", row), path.split("."))


def texts_at(row: Mapping[str, Json], path: str) -> Iterator[str]:
    """The values in the field `path` that can be looked up elsewhere, as text."""
    for value in values_at(row, path):
        if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
            yield str(value)


def topmost(paths: Iterable[str]) -> list[str]:
    """The topmost fields that `paths` lie in, each once."""
    return list(dict.fromkeys(path.partition(".")[0] for path in paths))


def changed_at(
    row: Mapping[str, Json], path: str, change: Callable[[Json], Json]
) -> tuple[str, Json]:
    """The topmost field that `path` lies in, and its value with `change` made to what is there.

    Nothing is changed where the path does not lead anywhere.
    """
    top, *rest = path.split(".")
    return top, _changed(row.get(top), rest, change)


def changes_by(
    changes: Mapping[str, Callable[[Json], Json]], row: Mapping[str, Json]
) -> dict[str, Json]:
    """The topmost fields of `row` that are another once each of `changes` is made at its path."""
    changed: dict[str, Json] = {}
    for path, change in changes.items():
        # On top of what is done already to the same topmost field.
        top, value = changed_at({**row, **changed}, path, change)
        changed[top] = value
    return {name: value for name, value in changed.items() if value != row.get(name)}


def _values(value: Json, path: list[str]) -> Iterator[Json]:
    match value:
        case list():
            for each in value:
                yield from _values(each, path)
        case dict() if path:
            if path[0] in value:
                yield from _values(value[path[0]], path[1:])
        case _ if not path:
            yield value


def _changed(value: Json, path: list[str], change: Callable[[Json], Json]) -> Json:
    match value:
        case list():
            return [_changed(each, path, change) for each in value]
        case dict() if path:
            name, *rest = path
            return {
                key: _changed(each, rest, change) if key == name else each
                for key, each in value.items()
            }
        case _ if not path and value is not None:
            return change(value)
    return value

"""YAML from elsewhere, as plain values: bounded, without aliases, tags and repeated keys.

Before anything is built its events are looked at one by one. What would grow (aliases), overflow
the stack (depth) or take long to be read (a scalar without end) is refused there.

A plain scalar is null, a boolean, a decimal number of few digits, or text. YAML 1.1 knows more
(dates, hexadecimal, and numbers to the base of 60, whose reading takes time that grows with the
square of their length): none of it means anything in a data map.
"""

import re
from typing import Any

import yaml

from chalicelib.errors import FieldError, InvalidInput

MAX_BYTES = 300 * 1024
_MAX_DEPTH = 40
_MAX_NODES = 60_000
_MAX_SCALAR = 1_000  # characters


class InvalidDataMap(InvalidInput):
    """No data map, or one that contradicts itself; the fields say where."""

    code = "invalid_data_map"


class _Loader(yaml.CSafeLoader):
    """Plain values; a key that comes twice in one mapping is an error."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  # PyYAML's way: its own have to go


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    # YAML 1.1's booleans, as fides reads them.
    (
        "bool",
        r"yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF",
        list("yYnNtTfFoO"),
    ),
    ("int", r"[-+]?(?:0|[1-9][0-9]{0,17})", list("-+0123456789")),
    ("float", r"[-+]?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}", list("-+0123456789")),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _first
    )


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    mapping = loader.construct_mapping(node, deep=True)
    if len(mapping) != len(node.value):
        raise InvalidDataMap(FieldError(_line(node.start_mark), "duplicate_key"))
    return mapping


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def parse_yaml(text: str) -> Any:
    """The one document of `text` (at most 300 KB of UTF-8) as plain values.

    Raises `InvalidDataMap` naming the line, never what is in it.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise InvalidDataMap(FieldError("yaml", "too_long"))
    try:
        _look_at(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506  # derives from CSafeLoader
    except yaml.MarkedYAMLError as error:
        raise InvalidDataMap(FieldError(_line(error.problem_mark), "malformed_yaml")) from None
    # ValueError: text that is no UTF-8. TypeError: a key that is a list.
    except (yaml.YAMLError, ValueError, TypeError, ArithmeticError):
        raise InvalidDataMap(FieldError("yaml", "malformed_yaml")) from None


def _look_at(text: str) -> None:
    depth = nodes = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        where = _line(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            raise InvalidDataMap(FieldError(where, "alias"))
        if isinstance(event, yaml.NodeEvent):
            nodes += 1
            if getattr(event, "tag", None) not in {None, "!"}:
                raise InvalidDataMap(FieldError(where, "tag"))
            if isinstance(event, yaml.ScalarEvent) and len(event.value) > _MAX_SCALAR:
                raise InvalidDataMap(FieldError(where, "too_long"))
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH or nodes > _MAX_NODES:
            raise InvalidDataMap(FieldError(where, "too_large"))


def _line(mark: Any) -> str:
    return f"line {mark.line + 1}" if mark else "yaml"

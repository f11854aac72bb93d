"""Reads `findings.toml`: which findings make a draft, and what their types suggest."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chalicelib.incidents.findings.models import Level, Provider
from chalicelib.incidents.models import Kind

FILE = Path(__file__).parent / "findings.toml"


@dataclass(frozen=True, slots=True)
class Terms:
    """`start`: from which level on. `weaknesses`: namespaces of types that make no draft."""

    start: Mapping[Provider, Level]
    names: Mapping[Provider, str]
    weaknesses: frozenset[str]
    families: Mapping[str, frozenset[Kind]]


@cache
def terms() -> Terms:
    """The terms in force, read once per process."""
    read = tomllib.loads(FILE.read_text("utf-8"))
    return Terms(
        start={each: Level[read["from"][each].upper()] for each in Provider},
        names={each: read["names"][each] for each in Provider},
        weaknesses=frozenset(read["weaknesses"]["types"]),
        families={name: frozenset(map(Kind, kinds)) for name, kinds in read["families"].items()},
    )

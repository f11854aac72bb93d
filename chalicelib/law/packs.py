"""Reads the rule packs in `packs/`, one TOML file per jurisdiction, when they are first needed."""

import tomllib
from functools import cache
from pathlib import Path

from chalicelib.law.models import Pack
from chalicelib.law.parsing import parse

DIRECTORY = Path(__file__).parent / "packs"
JURISDICTIONS = ("id", "eu", "uk", "us-ca", "sg", "br", "policy")
"""The last is nobody's law: what our own policy promises beyond all of them."""


@cache
def pack(jurisdiction: str) -> Pack:
    """The pack of one of `JURISDICTIONS`, read and checked once per process.

    Raises `ValueError` for any other jurisdiction, and for a file that is no TOML or contradicts
    itself; a release can do neither, for the same files pass the tests first.
    """
    if jurisdiction not in JURISDICTIONS:
        raise ValueError("no pack for this jurisdiction")
    return read(DIRECTORY / f"{jurisdiction}.toml")


def read(path: Path) -> Pack:
    """The pack in `path`, whose name is the pack's id. Raises `ValueError`, see `pack`."""
    loaded = parse(tomllib.loads(path.read_text("utf-8")))
    if loaded.id != path.stem:
        raise ValueError(f"{path.name} calls itself {loaded.id}")
    return loaded

"""Statistics: what is counted, and under what."""

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

_WORD = re.compile(r"[a-z0-9_-]{1,48}")
_PERSON = re.compile(r"[0-9A-Za-z_-]{16,64}")
"""Ids of subjects and of visitors: opaque, with no room for an address."""


class Source(StrEnum):
    """Whose decisions are counted: known people's consents, anonymous visitors' cookie choices."""

    CONSENTS = "consents"
    COOKIES = "cookies"


@dataclass(frozen=True, slots=True)
class Cell:
    """What is counted together. `day` is a UTC day; `site` is `-` where no page was used."""

    day: date
    source: Source
    purpose: str
    state: str
    language: str
    site: str

    def __post_init__(self) -> None:
        """`ValueError` for what no key is made of."""
        if not all(map(_WORD.fullmatch, self.words)):
            raise ValueError("a cell is named by words")

    @property
    def words(self) -> tuple[str, ...]:
        """All but the day."""
        return self.source.value, self.purpose, self.state, self.language, self.site


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Somebody in a cell, once however often: a subject's id, or that of a visitor of its site."""

    cell: Cell
    person: str = field(repr=False)

    def __post_init__(self) -> None:
        """`ValueError` for an id that nobody has."""
        if not _PERSON.fullmatch(self.person):
            raise ValueError("a person is named by an id")


@dataclass(frozen=True, slots=True)
class Group:
    """A cell as it is told: without its count where that is too small to be told."""

    cell: Cell
    count: int | None

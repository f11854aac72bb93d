"""Enumerations: the domain's values."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

_ID_CHARACTERS = 32


class Stage(StrEnum):
    """How far an enumeration has come."""

    RUNNING = "running"
    ENDED = "ended"


class Refusal(StrEnum):
    """What of a row makes no sense, so that it is counted and not registered."""

    REFERENCE = "unusable_reference"
    """No text or number, or a longer one than 512 characters, names it."""
    CLIENT = "unusable_client"
    PERSON = "unusable_person"
    NO_MOMENT = "no_moment"
    """Nothing that a period counts from has happened."""
    MOMENT = "unreadable_moment"
    """No date, no time with its offset, not after 1970, or more than a year ahead."""


def enumeration_id_of(place: str, collection: str) -> str:
    """The id of a collection's enumeration. No name of a place has a blank in it."""
    digest = hashlib.sha256(f"{place} {collection}".encode()).digest()
    return base64.b32encode(digest).decode()[:_ID_CHARACTERS]


@dataclass(frozen=True, slots=True)
class Enumeration:
    """The last enumeration of a collection. Moments are aware, UTC, whole milliseconds.

    `counts` are records by what came of their registration, or by the code of what spoke against
    it. `look_at` is when somebody is to look after it: one that goes on no more is taken up again,
    one that ended begins anew; None where it is over for good. `problem` is the code of what stands
    in its way. `sealed` is the position that it has come to, empty at the beginning.
    """

    place: str
    collection: str
    begun_at: datetime
    look_at: datetime | None
    stage: Stage = Stage.RUNNING
    counts: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""
    ended_at: datetime | None = None
    sealed: bytes = field(default=b"", repr=False)
    revision: int = 0

    @property
    def enumeration_id(self) -> str:
        return enumeration_id_of(self.place, self.collection)

    @property
    def is_at_work(self) -> bool:
        """Whether it goes on by itself, soon."""
        return self.stage is Stage.RUNNING and not self.problem

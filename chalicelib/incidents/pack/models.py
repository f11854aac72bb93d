"""The evidence pack of an incident, and what it is made of."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from chalicelib.packing.manifest import Form
from chalicelib.packing.objects import OBJECT_LIFE

EVIDENCE = Form("jaga-evidence", 1, "jaga-evidence+jws", "incident_id")

INCIDENT_FILE = "incident.json"
AWARENESS_FILE = "awareness.jws"
COMPUTATIONS_FILE = "computations.json"
AFTERMATH_FILE = "aftermath.json"
TRAIL_FILE = "trail.json"


class File(NamedTuple):
    """A name, with `/` between folders, and the content piece by piece.

    `expected` is about its size in bytes, where it may be a long one (packing/archive.py).
    """

    name: str
    pieces: Iterable[bytes]
    expected: int = 0


type Part = Callable[[str], Iterable[File]]
"""The files about one incident, by its id. Each file is packed before the next is asked for."""


@dataclass(frozen=True, slots=True)
class Built:
    """An archive in the exports bucket. `sha256` (hex) and `size` (bytes) are the whole's."""

    object_id: str
    sha256: str
    size: int
    built_at: datetime

    def is_there(self, now: datetime) -> bool:
        """Whether the bucket's lifecycle has not deleted it yet."""
        return now < self.built_at + OBJECT_LIFE


@dataclass(frozen=True, slots=True)
class Evidence:
    """The pack that somebody ordered last; None for `built` while it is made."""

    incident_id: str
    ordered_by: str
    ordered_at: datetime
    built: Built | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """A presigned address of a pack, and until when it can be used."""

    url: str
    url_expires_at: datetime


def evidence_key(incident_id: str, object_id: str) -> str:
    """Where a pack lies in the exports bucket."""
    return f"evidence/{incident_id}/{object_id}"

"""What a copy is made from, what it became, and how long it can be had."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.audit.entry import Fact
from chalicelib.connectors.places import Description, Verdict

LINK_LIFE = timedelta(hours=24)
"""How long an opening lasts."""

LINKS_PER_OPENING = 5
OPENINGS = 3


@dataclass(frozen=True, slots=True)
class PartDescription:
    """A place that was searched, and what came of it.

    Where the verdict is `done` there is a part (parts.py), unless somebody of the staff did it
    `by_hand`: then what was found reaches the person on another way. `categories` are the policy's
    categories of the data there; without any all are reported.
    """

    place: Description
    verdict: Verdict
    categories: tuple[str, ...] = ()
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class BuiltCopy:
    """An archive that lies in the bucket, and that nobody can have yet.

    `object_id` names it, each build has its own: what an earlier worker built is never what a later
    one vouches for. `sha256` is hex, `size` in bytes.
    """

    object_id: str
    sha256: str
    size: int
    rows: int
    built_at: datetime

    def facts(self) -> dict[str, Fact]:
        """What the trail should say of it."""
        return {"copy_sha256": self.sha256, "copy_bytes": self.size, "copy_rows": self.rows}


@dataclass(frozen=True, slots=True)
class Copy:
    """A released copy: `opened_until` ends the present opening, `gone_at` the archive itself.

    `links_left` counts down within an opening, `openings` counts up.
    """

    request_id: str
    object_id: str
    sha256: str
    size: int
    released_at: datetime
    opened_until: datetime
    gone_at: datetime
    links_left: int
    openings: int
    revision: int

    @property
    def openings_left(self) -> int:
        """How often it can be opened again."""
        return OPENINGS - self.openings


@dataclass(frozen=True, slots=True)
class Link:
    """An address that gives the archive to whoever has it, until `url_expires_at`."""

    url: str
    url_expires_at: datetime
    copy: Copy

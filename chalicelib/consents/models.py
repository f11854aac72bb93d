"""Consents: the domain's values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.notices.models import Language


class State(StrEnum):
    """Where a consent stands (ISO/IEC TS 27560:2023, event states).

    Silence is `unknown`: nobody said yes, nobody said no.
    """

    UNKNOWN = "unknown"
    REQUESTED = "requested"
    REFUSED = "refused"
    GIVEN = "given"
    RENEWED_GIVEN = "renewed_given"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    TERMINATED = "terminated"
    INVALIDATED = "invalidated"


REMINDER = timedelta(days=30)
"""How long before a consent ends its person is told; from then on a yes renews it."""

VALID = frozenset({State.GIVEN, State.RENEWED_GIVEN})


class Decision(StrEnum):
    """What a person says when asked."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Method(StrEnum):
    """By which act it was said (UU PDP 22: written or recorded, electronic is equal)."""

    BUTTON = "button"
    CHECKBOX = "checkbox"
    SIGNATURE = "signature"
    ELECTRONIC_SIGNATURE = "electronic_signature"
    SPOKEN = "spoken"
    REQUEST = "request"
    """A data subject's request that was carried out."""
    NONE = "none"
    """Nobody acted: time passed, or a notice asks anew."""


class Channel(StrEnum):
    """Where it was said."""

    PRIVACY_OFFICE = "privacy_office"
    PLATFORM = "platform"
    PAPER = "paper"
    PHONE = "phone"
    EMAIL = "email"
    PARTNER = "partner"


class Relationship(StrEnum):
    """Who may consent for somebody else (UU PDP 25)."""

    PARENT = "parent"
    GUARDIAN = "guardian"


@dataclass(frozen=True, slots=True)
class Guardian:
    """Who consented for the person, and how that was checked."""

    relationship: Relationship
    name: str = field(repr=False)
    verified_by: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """The text that the person saw, and what it asked for."""

    notice_id: str
    version: str
    sha256: str
    language: Language
    pair_sha256: str
    terms_sha256: str
    validity: timedelta


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a decision came: by which act, where, and what shows it.

    `site` is the site whose pages were used, `detail` what the channel can show of it: a document's
    number, a recording's, the text of the box that was ticked.
    """

    method: Method
    channel: Channel
    site: str = ""
    detail: str = field(default="", repr=False)
    guardian: Guardian | None = None


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """One event of a consent's life, never changed afterwards. Moments are aware, UTC.

    `before` is the state that it ended, `actor` who acted (`subject/<id>`, `platform/<id>`, …).
    `occurred_at` is when the person decided, `recorded_at` when we heard of it. `expires_at` is set
    where the state is valid. `previous` is the record before, of the same person and purpose.
    """

    record_id: str
    subject_id: str
    purpose: str
    state: State
    before: State
    shown: Shown
    evidence: Evidence
    actor: str
    occurred_at: datetime
    recorded_at: datetime
    expires_at: datetime | None = None
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """Where one consent stands, in clear: ids, constants, hashes and moments.

    `former_terms` is what a consent covered that was renewed under other terms while it was valid:
    both count, each while its notice is in force, the former until it would have ended by itself
    (`former_until`). `asked` names the version of the notice that asks anew, `asked_at` when it did
    and `asked_until` when that version takes effect at the earliest. `first` is the record that the
    proof begins with: None where it began before that was noted, and with whatever there is.
    """

    state: State
    record_id: str
    at: datetime
    notice_id: str
    notice_sha256: str
    terms_sha256: str
    language: Language
    expires_at: datetime | None = None
    former_terms: str | None = None
    former_until: datetime | None = None
    asked: str | None = None
    asked_at: datetime | None = None
    asked_until: datetime | None = None
    first: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What counts of one person, all in one item: read by every check.

    `restricted_by` and `objected_by` are ids of the requests that did so. `reminded` names the
    record of whose end the person was told.
    """

    subject_id: str
    entries: Mapping[str, Entry] = field(default_factory=dict)
    restricted_by: str | None = None
    objected_by: str | None = None
    erased: bool = False
    reminded: Mapping[str, str] = field(default_factory=dict)
    revision: int = 0

"""Notices of an incident: the domain's values. Moments are aware, UTC, in whole milliseconds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.incidents.models import Recipient, Texts
from chalicelib.notices.models import LANGUAGES, Language, text_sha256
from chalicelib.tables.transactions import Action

TEMPLATE = "breach_notice"
"""The mail that brings a notice to somebody; its values are `incident_id` and `notice_id`."""


class Phase(StrEnum):
    """What is not known in time follows (GDPR 33(4))."""

    INITIAL = "initial"
    SUPPLEMENT = "supplement"
    REPORT = "report"
    """What clients are told afterwards of causes and remedies (aftermath/reporting.py)."""


class State(StrEnum):
    """Where a notice stands.

    proposed ──somebody else──> approved ──proof of filing──> filed
       └──> withdrawn <─────────────┘

    Only the authority's and the public's are filed, and until then withdrawn; the others are told
    one by one as soon as they are approved.
    """

    PROPOSED = "proposed"
    APPROVED = "approved"
    FILED = "filed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it; a paragraph is one line."""

    heading: str
    paragraphs: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Written:
    """A notice in one language: a mail's subject, text and HTML, and what both were made from."""

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    sections: tuple[Section, ...] = field(repr=False)

    @property
    def sha256(self) -> str:
        """The hash of subject, text and HTML (`text_sha256`)."""
        return text_sha256({"subject": self.subject, "text": self.text, "html": self.html})


@dataclass(frozen=True, slots=True)
class Notice:
    """One frozen text, in both languages, for one kind of recipient.

    It covers the duties `duty_ids`. `supplements` is the id of the notice that it adds to, empty
    for a first one. `follows` names what it leaves for later. The texts and both reasons are
    sealed; they are empty in a notice that was only seen.
    """

    notice_id: str
    incident_id: str
    recipient: Recipient
    duty_ids: tuple[str, ...]
    drill: bool
    proposed_by: str
    proposed_at: datetime
    sha256: Mapping[Language, str]
    phase: Phase = Phase.INITIAL
    supplements: str = ""
    follows: tuple[str, ...] = ()
    texts: Mapping[Language, Written] = field(default_factory=dict, repr=False)
    in_phases_because: Texts = field(default_factory=dict, repr=False)
    late_because: Texts = field(default_factory=dict, repr=False)
    state: State = State.PROPOSED
    decided_by: str = ""
    decided_at: datetime | None = None
    filed_at: datetime | None = None
    revision: int = 0

    @property
    def fulfils(self) -> tuple[str, ...]:
        """The duties that are done once it was given: what only adds to a notice fulfils none."""
        return self.duty_ids if self.phase is Phase.INITIAL else ()


def hashes(texts: Mapping[Language, Written]) -> dict[Language, str]:
    """The hash of each language's text."""
    return {language: texts[language].sha256 for language in LANGUAGES}


type ExpectedEnd = Callable[[str, Recipient, datetime], datetime]
"""By incident, kind of recipient and when the telling starts (aware), when everybody of that kind
will have been told, if nothing is in its way."""

type StartTelling = Callable[[str, str, Recipient, bool], list[Action]]
"""By incident, notice, kind of recipient and whether it is a drill, the writes that start telling
everybody of that kind."""

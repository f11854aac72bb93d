"""Incidents: the domain's values. Moments are aware, UTC, in whole milliseconds.

Occurred, became aware, recorded: each is its own time, and only awareness starts a clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.law.deadline import Deadline
from chalicelib.law.models import Party
from chalicelib.notices.models import LANGUAGES, Language

ID_PATTERN = r"^[0-9A-Z]{26}$"

type Texts = Mapping[Language, str]
"""The same said in each language; empty while it is not known."""


def is_whole(said: Texts) -> bool:
    """Whether it is said in every language."""
    return all(said.get(language) for language in LANGUAGES)


class Kind(StrEnum):
    """What failed (UU PDP 46, explanation; GDPR 4(12)); an incident may be several."""

    CONFIDENTIALITY = "confidentiality"
    INTEGRITY = "integrity"
    AVAILABILITY = "availability"


class Source(StrEnum):
    """Who reported it."""

    STAFF = "staff"
    PLATFORM = "platform"
    FINDING = "finding"
    """A service of AWS that watches ours."""


class Status(StrEnum):
    """Where an incident stands.

    draft ──taken up──> open ──closed──> closed
      └────dismissed──> dismissed          └──reopened──> open
    """

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    DISMISSED = "dismissed"


class Nature(StrEnum):
    """Whether it is a personal data breach. Undecided, the clocks run as if it were."""

    UNDECIDED = "undecided"
    BREACH = "breach"
    NO_BREACH = "no_breach"


class Recipient(StrEnum):
    """Who has to be told."""

    AUTHORITY = "authority"
    """The agency of UU PDP 46, a supervisory authority."""
    SUBJECTS = "subjects"
    PUBLIC = "public"
    CONTROLLERS = "controllers"
    """Of the data that we only process: clients in that role (GDPR 33(2))."""
    CLIENTS = "clients"
    """By contract."""


OF_CLIENTS = frozenset({Recipient.CONTROLLERS, Recipient.CLIENTS})
"""Who stands for a client, in whichever role."""


class DutyState(StrEnum):
    """Whether a duty still waits. What is not required any more says so and stays listed."""

    OPEN = "open"
    DONE = "done"
    NOT_REQUIRED = "not_required"


@dataclass(frozen=True, slots=True)
class Duty:
    """Somebody who has to be told, by one rule of one law, and its clock.

    `id` is `<pack>.<rule>`. `law` and `article` cite it. `deadline` is frozen with the pack's
    version; None where the law names no time. `because` are stable reasons why it is or is not
    required. `alerts` counts those raised for the deadline.
    """

    id: str
    recipient: Recipient
    law: str
    article: str
    deadline: Deadline | None
    because: tuple[str, ...]
    state: DutyState = DutyState.OPEN
    done_at: datetime | None = None
    alerts: int = 0

    @property
    def is_open(self) -> bool:
        return self.state is DutyState.OPEN

    @property
    def was_late(self) -> bool:
        """Whether it was done after its date."""
        done_at, deadline = self.done_at, self.deadline
        return done_at is not None and deadline is not None and done_at > deadline.due_at


class Severity(StrEnum):
    """Of a breach, by the methodology of ENISA (assessing.py)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    VERY_HIGH = "very_high"


@dataclass(frozen=True, slots=True)
class Scores:
    """What the methodology asks (assessing.py), in hundredths but for `context`."""

    context: int
    """Data processing context, 1 to 4."""
    ease: int
    """Ease of identification: 25, 50, 75 or 100."""
    confidentiality: int
    """What was lost of each: 0, 25 or 50."""
    integrity: int
    availability: int
    malicious: bool


@dataclass(frozen=True, slots=True)
class Assessment:
    """How severe it is for people, and why.

    `severity` is what counts: where it is another than the score's, `reasons` say why.
    """

    scores: Scores
    severity: Severity
    reasons: str = field(repr=False)
    assessed_by: str
    assessed_at: datetime

    @property
    def is_high_risk(self) -> bool:
        """GDPR 34(1)."""
        return self.severity in {Severity.HIGH, Severity.VERY_HIGH}


@dataclass(frozen=True, slots=True)
class DataCategory:
    """Data that was hit. `specific`: UU PDP 4(2), personal financial data for one."""

    id: str
    specific: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an incident; sealed, since free text may name people.

    Numbers are approximate, None while not known (GDPR 33(3)(a)). `clients` are opaque ids of
    affected clients, `more_clients` says that others are affected, too: so many ids have no place
    here. `countries` are ISO codes of where affected people are. `consequences`,
    `measures` and `recovery` are what notices tell (UU PDP 46(2), GDPR 33(3)(c), (d)).
    `unintelligible`: nobody who got the data can read it (GDPR 34(3)(a)).
    """

    title: str = ""
    nature: Texts = field(default_factory=dict)
    how: Texts = field(default_factory=dict)
    role: Party = Party.CONTROLLER
    kinds: frozenset[Kind] = frozenset()
    occurred_from: datetime | None = None
    occurred_until: datetime | None = None
    systems: tuple[str, ...] = ()
    categories: tuple[DataCategory, ...] = ()
    people: int | None = None
    records: int | None = None
    clients: tuple[str, ...] = ()
    more_clients: bool = False
    countries: tuple[str, ...] = ()
    consequences: Texts = field(default_factory=dict)
    measures: Texts = field(default_factory=dict)
    recovery: Texts = field(default_factory=dict)
    public_interest: bool = False
    unintelligible: bool = False


@dataclass(frozen=True, slots=True)
class Awareness:
    """The decision that we know of a breach since `at`: who took it, when, why, signed.

    `statement` is a compact JWS (statements.py).
    """

    at: datetime
    decided_by: str
    decided_at: datetime
    reasons: str = field(repr=False)
    statement: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether somebody held it to be a breach, and why."""

    nature: Nature
    because: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was decided before, and was decided otherwise later (GDPR 5(2), 33(5))."""

    awareness: tuple[Awareness, ...] = ()
    assessments: tuple[Assessment, ...] = ()
    judgements: tuple[Judgement, ...] = ()


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident of the register. `facts`, reasons and statements are sealed.

    `handler` is the member of the staff who handles it. `late` says by duty why it was met late
    (GDPR 33(1)). `earlier` are the decisions that later ones replaced, the oldest first. `nudges`
    counts the mails that nobody has decided since when it is known. `forgotten`: its time was over,
    and what it said cannot be opened any more (ending.py).
    """

    incident_id: str
    source: Source
    drill: bool
    reported_by: str
    recorded_at: datetime
    facts: Facts = field(repr=False)
    status: Status = Status.OPEN
    nature: Nature = Nature.UNDECIDED
    nature_because: str = field(default="", repr=False)
    handler: str = ""
    awareness: Awareness | None = None
    assessment: Assessment | None = None
    severity: Severity | None = None
    """That of the assessment; in clear."""
    duties: tuple[Duty, ...] = ()
    late: Mapping[str, Texts] = field(default_factory=dict, repr=False)
    closed_at: datetime | None = None
    earlier: Earlier = field(default_factory=Earlier, repr=False)
    nudges: int = 0
    forgotten: bool = False
    revision: int = 0

    @property
    def has_ended(self) -> bool:
        """Whether nobody works on it any more."""
        return self.status in {Status.CLOSED, Status.DISMISSED}

    @property
    def aware_at(self) -> datetime | None:
        return self.awareness.at if self.awareness else None

    def duty(self, duty_id: str) -> Duty | None:
        """The duty of that id, if there is one."""
        return next((each for each in self.duties if each.id == duty_id), None)

"""Consents on the wire."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from chalicelib.consents.models import (
    Channel,
    Evidence,
    Guardian,
    Method,
    Relationship,
)
from chalicelib.cookies.models import SITE_ID_PATTERN, OpaqueId
from chalicelib.identity.models import Email
from chalicelib.notices.models import Language
from chalicelib.notices.wire import SHA256_PATTERN
from chalicelib.wire import Answer, Moment, Wire

PURPOSE_PATTERN = r"^[a-z][a-z0-9_]{0,47}$"
SUBJECT_PATTERN = r"^[0-9A-Z]{26}$"
MOST_SUBJECTS = 100

type Sha256 = Annotated[str, StringConstraints(pattern=SHA256_PATTERN)]
type PurposeId = Annotated[str, StringConstraints(pattern=PURPOSE_PATTERN)]
type SubjectId = Annotated[str, StringConstraints(pattern=SUBJECT_PATTERN)]
type UserId = Annotated[str, StringConstraints(min_length=1, max_length=128)]
type SiteId = Annotated[str, StringConstraints(pattern=SITE_ID_PATTERN)]
type Said = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class DecisionIn(Wire):
    """What somebody decides, and the text that they were shown: its hash and language."""

    state: Literal["given", "refused", "withdrawn"]
    notice_sha256: Sha256
    language: Language
    method: Literal["button", "checkbox"] = "button"
    site: SiteId | None = None

    def evidence(self) -> Evidence:
        return Evidence(Method(self.method), Channel.PRIVACY_OFFICE, self.site or "")


class GuardianIn(Wire):
    """Who consented for the person (UU PDP 25), and how that was checked."""

    relationship: Literal["parent", "guardian"]
    name: Said
    verified_by: Said

    def guardian(self) -> Guardian:
        return Guardian(Relationship(self.relationship), self.name, self.verified_by)


class CollectedIn(Wire):
    """A decision that was collected elsewhere, with its evidence (UU PDP 22, 24).

    The person is named by the platform's own id of its user, the address, or both.
    """

    user_id: UserId | None = None
    email: Email | None = None
    purpose: PurposeId
    state: Literal["given", "refused", "withdrawn"]
    notice_sha256: Sha256
    language: Language
    method: Literal["button", "checkbox", "signature", "electronic_signature", "spoken"]
    channel: Literal["platform", "paper", "phone", "email", "partner"]
    evidence: Said
    occurred_at: Moment
    site: SiteId | None = None
    guardian: GuardianIn | None = None

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.user_id is None and self.email is None:
            raise ValueError("nobody is named")
        return self

    def shown_evidence(self) -> Evidence:
        return Evidence(
            Method(self.method),
            Channel(self.channel),
            self.site or "",
            self.evidence,
            self.guardian.guardian() if self.guardian else None,
        )


class ReceiptOut(Answer):
    """What the person keeps: a receipt, signed (JWS, ES256; keys at `/.well-known/jwks.json`)."""

    format: Literal["dpv", "kantara"]
    receipt: str
    content: dict[str, object]


class GuardianView(Answer):
    """Who consented for the person, and how that was checked."""

    relationship: str
    name: str
    verified_by: str


class RecordView(Answer):
    """One record of a consent (ISO/IEC TS 27560)."""

    record_id: str
    purpose: str
    state: str
    before: str
    notice_id: str
    notice_version: str
    notice_sha256: str
    pair_sha256: str
    language: str
    method: str
    channel: str
    site: str | None
    evidence: str | None
    guardian: GuardianView | None
    actor: str
    occurred_at: str
    recorded_at: str
    expires_at: str | None
    previous_record_id: str | None


class DecisionRecorded(Answer):
    """The record of a decision, and its receipt in the W3C DPV profile."""

    record: RecordView
    receipt: str


class CollectedRecorded(DecisionRecorded):
    """`subject_id` is what the gate is asked with."""

    subject_id: str


class AskedView(Answer):
    """The text that consent is asked with now: its hashes by language."""

    notice_id: str
    version: str
    sha256: dict[str, str]


class ConsentView(Answer):
    """One's own consent to one purpose.

    `allowed` is what the gate answers; the receipt of the last record is at `receipt_at`. `ask` is
    what consent is asked with; with `asked_anew` what was given does not fit the notice in force,
    or will not, and `ask` is the version that it would have to be given to.
    """

    purpose: str
    label: dict[str, str]
    description: dict[str, str]
    state: str
    allowed: bool
    why: str
    record_id: str | None
    since: str | None
    expires_at: str | None
    receipt_at: str | None
    asked_anew: bool
    ask: AskedView | None


class AttachedView(Answer):
    """The cookie choice of a browser that the person attached to themselves."""

    attachment_id: str
    site: str
    state: str
    performance: bool
    functional: bool
    expires_at: str | None


class BrowserIn(Wire):
    """The browser in front of the person: the visitor id that its banner made."""

    site: SiteId
    visitor_id: OpaqueId


class Detached(Answer):
    attachment_id: str


class OwnConsents(Answer):
    """All that one may decide, and the cookie choices attached to oneself."""

    subject_id: str
    restricted: bool
    objected: bool
    consents: tuple[ConsentView, ...]
    preferences: tuple[AttachedView, ...]


class RecordList(Answer):
    """Records of one consent, the newest first."""

    records: tuple[RecordView, ...]
    cursor: str | None


class ShownTextView(Answer):
    """A text that was shown, with the notice that has it."""

    sha256: str
    language: str
    notice_id: str
    version: str
    texts: dict[str, str]


class ConsentHistory(RecordList):
    """Records with the very texts that they name."""

    subject_id: str
    texts: tuple[ShownTextView, ...]


class RestrictionLifted(Answer):
    subject_id: str


class CheckView(Answer):
    """May we use it?

    `basis` is one of UU PDP 20(2). `why` says what decided. The answer may be kept until
    `valid_until`.
    """

    subject: str
    purpose: str
    allowed: bool
    basis: str | None
    state: str
    why: str
    record_id: str | None
    as_of: str
    valid_until: str


class CheckIn(Wire):
    """Up to a hundred people, for one purpose."""

    purpose: PurposeId
    subjects: Annotated[tuple[SubjectId, ...], Field(min_length=1, max_length=MOST_SUBJECTS)]


class CheckList(Answer):
    """In the order that was asked in."""

    checks: tuple[CheckView, ...]

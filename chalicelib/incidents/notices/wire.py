"""Notices of incidents on the wire."""

from typing import Annotated, Literal

from pydantic import Base64Bytes, Field, StringConstraints

from chalicelib.incidents.models import Recipient
from chalicelib.incidents.notices.models import Phase, State
from chalicelib.incidents.wire import TextsIn
from chalicelib.wire import Answer, Moment, Wire

MAX_BODY_BYTES = 64 * 1024
MAX_FILING_BYTES = 4_100_000
"""A proof of 3 MB in Base64, and what is said of it."""

type DutyId = Annotated[str, StringConstraints(pattern=r"^[a-z-]{2,16}\.[a-z0-9-]{1,48}$")]
type Words = Annotated[str, StringConstraints(min_length=1, max_length=300)]
type MediaType = Literal["application/pdf", "image/png", "image/jpeg", "message/rfc822"]


class NoticeIn(Wire):
    """What is to be said to whom. Without `duties`: all that wait for the recipient.

    `in_phases_because`: why what is not known follows later (GDPR 33(4)); `late_because`: why the
    notice is late (33(1)). Both stand in the notice, in both languages.
    """

    recipient: Annotated[Recipient, Field(strict=False)]
    duties: Annotated[tuple[DutyId, ...], Field(max_length=20)] = ()
    phase: Literal["initial", "supplement"] = "initial"
    in_phases_because: TextsIn | None = None
    late_because: TextsIn | None = None


class ProofIn(Wire):
    """What proves a filing: at most 3 MB."""

    media_type: MediaType
    content: Base64Bytes


class FilingIn(Wire):
    """That the authority, or the public, got a notice. A drill needs no proof."""

    filed_at: Moment
    means: Words
    reference: Words
    proof: ProofIn | None = None
    late_because: TextsIn | None = None


class MissingView(Answer):
    """What the notice lacks: a fact, a stable code, and the article that asks for it."""

    field: str
    code: str
    article: str


class WrittenView(Answer):
    """A notice in one language. `sha256` is the hash of subject, text and HTML."""

    subject: str
    text: str
    html: str
    sha256: str


class PreviewView(Answer):
    """What a notice would say now, and what keeps it from being proposed.

    `expected_end`: when the last one would be told, were it approved now, at the rate at which
    mails leave; a date before that is missed. Null for what is filed.
    """

    recipient: Recipient
    duties: tuple[str, ...]
    supplements: str | None
    expected_end: str | None
    missing: tuple[MissingView, ...]
    follows: tuple[str, ...]
    texts: dict[str, WrittenView]


class NoticeLine(Answer):
    """A notice as the list shows it: nothing of what it says. `follows` is left for later."""

    notice_id: str
    incident_id: str
    recipient: Recipient
    duties: tuple[str, ...]
    phase: Phase
    supplements: str | None
    follows: tuple[str, ...]
    drill: bool
    state: State
    proposed_by: str
    proposed_at: str
    decided_by: str | None
    decided_at: str | None
    filed_at: str | None
    sha256: dict[str, str]


class NoticeList(Answer):
    """All notices of an incident, the oldest first."""

    notices: tuple[NoticeLine, ...]


class FilingView(Answer):
    """How the notice was filed; `sha256` is that of the proof, null in a drill."""

    filed_at: str
    noted_by: str
    means: str
    reference: str
    late_because: dict[str, str]
    media_type: str | None
    sha256: str | None


class NoticeView(NoticeLine):
    """A notice with its frozen texts."""

    texts: dict[str, WrittenView]
    in_phases_because: dict[str, str]
    late_because: dict[str, str]
    filing: FilingView | None


class FileView(Answer):
    """A file. `content` is Base64, `sha256` that of the file's bytes."""

    name: str
    media_type: str
    sha256: str
    content: str

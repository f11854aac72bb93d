"""Notices on the wire."""

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.wire import Answer, Moment, Wire

NOTICE_ID_PATTERN = r"^[a-z0-9][a-z0-9-]{0,59}$"
VERSION_PATTERN = r"^[0-9A-Za-z][0-9A-Za-z.-]{0,39}$"
SHA256_PATTERN = r"^[0-9a-f]{64}$"
LONGEST_NOTICE = 300 * 1024
"""In bytes, of both languages together: a version is one item of DynamoDB (400 KB)."""

type Part = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,59}$")]
type Passage = Annotated[str, StringConstraints(min_length=1, max_length=100_000)]
type Parts = Annotated[dict[Part, Passage], Field(min_length=1, max_length=200)]
type Summary = Annotated[
    str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\r\n]+$")
]
type PurposeId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]


class TextsIn(Wire):
    """The whole text in both languages, part by part under the same names, in their order."""

    en: Parts
    id: Parts


class SummaryIn(Wire):
    """What changes, in a line or two: people read it in the mail that tells them."""

    en: Summary
    id: Summary


class NoticeIn(Wire):
    """A version to publish. `asks` names the purposes that it asks consent for."""

    version: Annotated[str, StringConstraints(pattern=VERSION_PATTERN)]
    texts: TextsIn
    summary: SummaryIn
    significant: bool
    effective_at: Moment
    asks: Annotated[tuple[PurposeId, ...], Field(max_length=20)] = ()


class EditionView(Answer):
    """A version without its texts.

    `counts_from` is null while people still have to be told of it (UU PDP 21(2)).
    """

    notice_id: str
    version: str
    published_at: str
    effective_at: str
    counts_from: str | None
    in_force: bool
    significant: bool
    summary: dict[str, str]
    asks: tuple[str, ...]
    sha256: dict[str, str]
    pair_sha256: str


class EditionList(Answer):
    """All versions, the first to take effect first."""

    versions: tuple[EditionView, ...]


class PublishedNotice(Answer):
    """A version as it was published; it never changes.

    `texts` are what the hashes are over, `terms` what consent to each purpose covers.
    """

    notice_id: str
    version: str
    published_at: str
    effective_at: str
    significant: bool
    summary: dict[str, str]
    texts: dict[str, dict[str, str]]
    sha256: dict[str, str]
    pair_sha256: str
    asks: tuple[str, ...]
    terms: dict[str, dict[str, object]]
    terms_sha256: dict[str, str]


class ToldView(Answer):
    """One line of the ledger: who was told, when, on which channel, and what became of it."""

    subject_id: str
    channel: str
    language: str
    message_id: str | None
    queued_at: str
    outcome: str
    at: str
    reason: str | None


class TellingView(Answer):
    """How far the telling of a version is, with a page of its ledger in the order of the ids."""

    notice_id: str
    version: str
    state: str
    started_at: str
    done_at: str | None
    effective_at: str
    told: int
    unreachable: int
    asked_anew: int
    ledger: tuple[ToldView, ...]
    cursor: str | None


class NoticeText(Answer):
    """A text by its hash, as whoever saw it saw it, and the version that has it."""

    sha256: str
    language: str
    texts: dict[str, str]
    notice_id: str
    version: str

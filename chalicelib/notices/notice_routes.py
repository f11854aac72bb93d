"""Published notices, for everybody, and their publication, for the privacy officer."""

from chalicelib.audit.entry import Actor
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.http.access import Staff
from chalicelib.http.caching import cacheable, matches
from chalicelib.http.routes import JSON, Call, Operation, Reply, Routes
from chalicelib.notices.models import NoticeVersion
from chalicelib.notices.publishing import Draft
from chalicelib.notices.views import edition_list, notice_text, published_notice, telling_view
from chalicelib.notices.wire import (
    LONGEST_NOTICE,
    NOTICE_ID_PATTERN,
    SHA256_PATTERN,
    VERSION_PATTERN,
    EditionList,
    NoticeIn,
    NoticeText,
    PublishedNotice,
    TellingView,
)
from chalicelib.services import services

_NOTICE = {"notice_id": {"type": "string", "pattern": NOTICE_ID_PATTERN}}
_VERSION = {**_NOTICE, "version": {"type": "string", "pattern": VERSION_PATTERN}}
_FOR_EVER = 365 * 24 * 3600
"""Seconds: what is published never changes."""
_A_MINUTE = 60

notices = Routes(__name__)


@notices.operation(
    Operation(
        "GET",
        "/v1/notices/{notice_id}",
        "The version of a notice that is in force",
        PublishedNotice,
        statuses=(200, 304),
        parameters=_NOTICE,
        exact_path=True,
    )
)
def notice_in_force(call: Call[None], notice_id: str) -> Reply:
    return _kept(call, services().directory.in_force(notice_id), _A_MINUTE)


@notices.operation(
    Operation(
        "GET",
        "/v1/notices/{notice_id}/versions",
        "Every version of a notice",
        EditionList,
        parameters=_NOTICE,
        exact_path=True,
    )
)
def notice_versions(_call: Call[None], notice_id: str) -> Reply:
    here = services()
    return Reply(edition_list(here.directory.editions(notice_id), here.clock.now()))


@notices.operation(
    Operation(
        "GET",
        "/v1/notices/{notice_id}/versions/{version}",
        "A version as it was published, for ever",
        PublishedNotice,
        statuses=(200, 304),
        parameters=_VERSION,
        exact_path=True,
    )
)
def notice_version(call: Call[None], notice_id: str, version: str) -> Reply:
    return _kept(call, services().directory.version(notice_id, version), _FOR_EVER)


@notices.operation(
    Operation(
        "GET",
        "/v1/notice-texts/{sha256}",
        "A text by its hash, as whoever saw it saw it",
        NoticeText,
        query=("language",),
        parameters={
            "sha256": {"type": "string", "pattern": SHA256_PATTERN},
            "language": {"type": "string", "enum": ["en", "id"]},
        },
        exact_path=True,
    )
)
def notice_text_by_hash(call: Call[None], sha256: str) -> Reply:
    language = call.query.get("language", "")
    if language not in {"en", "id"}:
        raise InvalidInput(FieldError("language", "not_allowed"))
    shown = services().directory.shown(sha256, "id" if language == "id" else "en")
    return Reply(notice_text(sha256, shown))


@notices.operation(
    Operation(
        "POST",
        "/v1/staff/notices/{notice_id}/versions",
        "Publish a version of a notice",
        PublishedNotice,
        body=NoticeIn,
        statuses=(201,),
        description="It cannot be changed afterwards. A significant change is told to everybody"
        " known, at a bounded rate, and takes effect once all were told, at `effective_at` at the"
        " earliest: at least seven days from now (UU PDP 21(2)). The first version of a notice is"
        " told to nobody.",
        parameters=_NOTICE,
        access=Staff("notices.publish"),
        idempotent=True,
        longest=LONGEST_NOTICE,
        exact_path=True,
    )
)
def publish_notice(call: Call[NoticeIn], notice_id: str) -> Reply:
    body, actor = call.body, Actor(call.caller.kind, call.caller.id)
    draft = Draft(
        notice_id=notice_id,
        version=body.version,
        texts={"en": body.texts.en, "id": body.texts.id},
        summary={"en": body.summary.en, "id": body.summary.id},
        significant=body.significant,
        effective_at=body.effective_at,
        asks=body.asks,
    )
    here = services()
    published = here.publishing.publish(draft, actor, call.keyed)
    here.directory.forget(notice_id)
    return Reply(published_notice(published), 201)


@notices.operation(
    Operation(
        "GET",
        "/v1/staff/notices/{notice_id}/versions/{version}/telling",
        "Who was told of a version, when, and what became of it",
        TellingView,
        query=("limit", "cursor"),
        parameters=_VERSION,
        access=Staff("notices.ledger"),
        exact_path=True,
    )
)
def show_telling(call: Call[None], notice_id: str, version: str) -> Reply:
    here = services()
    return Reply(telling_view(here.telling_ledger, here.cursors, notice_id, version, call.query))


def _kept(call: Call[None], notice: NoticeVersion, seconds: int) -> Reply:
    etag = f'"{notice.version}.{notice.pair_sha256}"'
    headers = cacheable(etag, seconds=seconds)
    if matches(etag, call.headers.get("if-none-match")):
        return Reply("", 304, headers)
    return Reply(published_notice(notice), headers={**headers, "content-type": JSON})

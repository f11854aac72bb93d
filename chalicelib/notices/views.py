"""What the API shows of notices."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chalicelib.clock import rfc3339
from chalicelib.http.paging import page_asked
from chalicelib.notices.directory import Edition, ShownText
from chalicelib.notices.models import NoticeVersion
from chalicelib.notices.telling.ledger import Ledger
from chalicelib.notices.telling.models import Told
from chalicelib.notices.wire import (
    EditionList,
    EditionView,
    NoticeText,
    PublishedNotice,
    TellingView,
    ToldView,
)
from chalicelib.tables.cursors import Cursors


def edition_list(editions: Sequence[Edition], now: datetime) -> EditionList:
    """All versions of a notice, as they stand at `now`."""
    counting = [each for each in editions if each.counts_from and each.counts_from <= now]
    return EditionList(
        versions=tuple(_edition(each, in_force=each in counting[-1:]) for each in editions)
    )


def published_notice(notice: NoticeVersion) -> PublishedNotice:
    """A version with its texts and what it asks."""
    hashes = {purpose: notice.terms_sha256(purpose) or "" for purpose in notice.asks}
    return PublishedNotice(
        notice_id=notice.notice_id,
        version=notice.version,
        published_at=rfc3339(notice.published_at),
        effective_at=rfc3339(notice.takes_effect_at),
        significant=notice.significant,
        summary=dict(notice.summary),
        texts={language: dict(texts) for language, texts in notice.texts.items()},
        sha256=dict(notice.sha256.items()),
        pair_sha256=notice.pair_sha256,
        asks=tuple(notice.asks),
        terms={purpose: dict(asked) for purpose, asked in notice.asks.items()},
        terms_sha256=hashes,
    )


def notice_text(sha256: str, shown: ShownText) -> NoticeText:
    """A text as it was shown."""
    notice = shown.notice
    return NoticeText(
        sha256=sha256,
        language=shown.language,
        texts=dict(notice.texts[shown.language]),
        notice_id=notice.notice_id,
        version=notice.version,
    )


def telling_view(
    ledger: Ledger, cursors: Cursors, notice_id: str, version: str, query: Mapping[str, str]
) -> TellingView:
    """The telling of a version with the page of its ledger that `query` asks for.

    Raises `NotTold`, and `InvalidInput` for a bad `limit` or `cursor`.
    """
    listing = f"told/{notice_id}/{version}"
    asked = page_asked(query, listing, cursors)
    telling = ledger.telling(notice_id, version)
    lines, last = ledger.page(notice_id, version, asked.limit, asked.start)
    return TellingView(
        notice_id=notice_id,
        version=version,
        state=telling.state,
        started_at=rfc3339(telling.started_at),
        done_at=rfc3339(telling.done_at) if telling.done_at else None,
        effective_at=rfc3339(telling.effective_at),
        told=telling.told,
        unreachable=telling.unreachable,
        asked_anew=telling.asked,
        ledger=tuple(map(_told, lines)),
        cursor=cursors.encode(listing, last) if last else None,
    )


def _told(line: Told) -> ToldView:
    return ToldView(
        subject_id=line.reader_id,
        channel=line.channel,
        language=line.language,
        message_id=line.message_id,
        queued_at=rfc3339(line.queued_at),
        outcome=line.outcome,
        at=rfc3339(line.at),
        reason=line.reason,
    )


def _edition(edition: Edition, *, in_force: bool) -> EditionView:
    notice = edition.notice
    return EditionView(
        notice_id=notice.notice_id,
        version=notice.version,
        published_at=rfc3339(notice.published_at),
        effective_at=rfc3339(notice.takes_effect_at),
        counts_from=rfc3339(edition.counts_from) if edition.counts_from else None,
        in_force=in_force,
        significant=notice.significant,
        summary=dict(notice.summary),
        asks=tuple(notice.asks),
        sha256=dict(notice.sha256.items()),
        pair_sha256=notice.pair_sha256,
    )

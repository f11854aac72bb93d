"""What the API shows of notices."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.clock import rfc3339
from chalicelib.notices.directory import Edition, ShownText
from chalicelib.notices.models import NoticeVersion
from chalicelib.notices.wire import EditionList, EditionView, NoticeText, PublishedNotice


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

"""Notice versions in the `records` table.

pk NOTICE#<notice id>  sk VERSION#<version>  texts, hashes' sources, what it asks: never changed
pk NOTICE#<notice id>  sk TOLD#<version>     told_at: everybody was told of the version by then
pk TEXT#<SHA-256>      sk VERSION#<notice id>#<version>  language: where a text was published
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.errors import Conflict
from chalicelib.notices.models import LANGUAGES, Language, NoticeVersion
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Put


def _with_effect(item: Item) -> Item:
    """Version 1 took effect when it was published, told nobody and asked nothing."""
    added: Item = {
        "effective_at": item["published_at"],
        "summary": {},
        "significant": False,
        "opening": True,
        "asks": {},
    }
    return {**item, **added}


NOTICE_VERSION = Schema("notice_version", 2, {1: _with_effect})
NOTICE_TEXT = Schema("notice_text")
NOTICE_TOLD = Schema("notice_told")
_VERSION = "VERSION"


class AlreadyPublished(Conflict):
    """A version is immutable: its name cannot be published twice."""

    code = "already_published"


class NoticeStore:
    """Reads and writes notice versions."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def publish_actions(self, notice: NoticeVersion) -> list[Action]:
        """The writes of a new version. ABSENT: a published text is never overwritten."""
        item = NOTICE_VERSION.stamp(
            {
                "pk": compose("NOTICE", notice.notice_id),
                "sk": compose(_VERSION, notice.version),
                "texts": {language: dict(texts) for language, texts in notice.texts.items()},
                "published_at": to_millis(notice.published_at),
                "effective_at": to_millis(notice.takes_effect_at),
                "summary": dict(notice.summary),
                "significant": notice.significant,
                "opening": notice.opening,
                "asks": dict(notice.asks),
            }
        )
        texts = (_text_item(notice, language) for language in LANGUAGES)
        return [
            Put(self._records, item, ABSENT, AlreadyPublished),
            *(Put(self._records, text) for text in texts),
        ]

    def versions(self, notice_id: str) -> Iterator[NoticeVersion]:
        """Every version ever published under `notice_id`, in the order of their names."""
        partition, first = compose("NOTICE", notice_id), f"{_VERSION}{SEPARATOR}"
        for item in self._records.query_all(partition, sk_from=first, consistent=True):
            yield _notice_from(notice_id, NOTICE_VERSION.lift(item))

    def version(self, notice_id: str, version: str) -> NoticeVersion | None:
        """One version, or None."""
        item = self._records.get(Key(compose("NOTICE", notice_id), compose(_VERSION, version)))
        return _notice_from(notice_id, NOTICE_VERSION.lift(item)) if item else None

    def told_at(self, notice: NoticeVersion) -> datetime | None:
        """When everybody had been told of the version, None until then."""
        key = _told_key(notice.notice_id, notice.version)
        item = self._records.get(key, consistent=True)
        return from_millis(cast("int", NOTICE_TOLD.lift(item)["told_at"])) if item else None

    def told_action(self, notice_id: str, version: str, at: datetime) -> Put:
        """The write that says that everybody was told `at` then."""
        key = _told_key(notice_id, version)
        item: Item = {"pk": key.pk, "sk": key.sk, "told_at": to_millis(at)}
        return Put(self._records, NOTICE_TOLD.stamp(item))

    def published_as(self, sha256: str) -> list[tuple[str, str, Language]]:
        """Notice, version and language of every publication of the text with that hash."""
        found: list[tuple[str, str, Language]] = []
        for item in self._records.query_all(compose("TEXT", sha256)):
            _, notice_id, version = str(item["sk"]).split(SEPARATOR)
            language = cast("Language", NOTICE_TEXT.lift(item)["language"])
            found.append((notice_id, version, language))
        return found


def _text_item(notice: NoticeVersion, language: Language) -> Item:
    return NOTICE_TEXT.stamp(
        {
            "pk": compose("TEXT", notice.sha256[language]),
            "sk": compose(_VERSION, notice.notice_id, notice.version),
            "language": language,
        }
    )


def _told_key(notice_id: str, version: str) -> Key:
    return Key(compose("NOTICE", notice_id), compose("TOLD", version))


def _notice_from(notice_id: str, item: Item) -> NoticeVersion:
    return NoticeVersion(
        notice_id=notice_id,
        version=str(item["sk"]).removeprefix(f"{_VERSION}{SEPARATOR}"),
        texts=cast("Mapping[Language, Mapping[str, str]]", item["texts"]),
        published_at=from_millis(cast("int", item["published_at"])),
        effective_at=from_millis(cast("int", item["effective_at"])),
        summary=cast("Mapping[str, str]", item["summary"]),
        significant=cast("bool", item["significant"]),
        opening=cast("bool", item["opening"]),
        asks=cast("Mapping[str, Item]", item["asks"]),
    )

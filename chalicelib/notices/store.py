"""Notice versions in the `records` table: pk `NOTICE#<notice id>`, sk `VERSION#<version>`."""

from collections.abc import Iterator, Mapping
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.errors import Conflict
from chalicelib.notices.models import NoticeVersion
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT
from chalicelib.tables.keys import compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Put

NOTICE_VERSION = Schema("notice_version")


class AlreadyPublished(Conflict):
    """A version is immutable: its name cannot be published twice."""

    code = "already_published"


class NoticeStore:
    """Reads and writes notice versions."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def publish_action(self, notice: NoticeVersion) -> Put:
        """The write of a new version. ABSENT: a published text is never overwritten."""
        item = NOTICE_VERSION.stamp(
            {
                "pk": compose("NOTICE", notice.notice_id),
                "sk": compose("VERSION", notice.version),
                "texts": {language: dict(texts) for language, texts in notice.texts.items()},
                "published_at": to_millis(notice.published_at),
            }
        )
        return Put(self._records, item, ABSENT, AlreadyPublished)

    def versions(self, notice_id: str) -> Iterator[NoticeVersion]:
        """Every version ever published under `notice_id`."""
        for item in self._records.query_all(compose("NOTICE", notice_id), consistent=True):
            yield _notice_from(notice_id, NOTICE_VERSION.lift(item))


def _notice_from(notice_id: str, item: Item) -> NoticeVersion:
    return NoticeVersion(
        notice_id=notice_id,
        version=str(item["sk"]).removeprefix("VERSION#"),
        texts=cast("Mapping[str, Mapping[str, str]]", item["texts"]),  # type: ignore[arg-type]  # keys are languages
        published_at=from_millis(cast("int", item["published_at"])),
    )

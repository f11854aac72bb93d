"""Publishing notices and finding them again."""

from chalicelib.notices.models import NoticeVersion
from chalicelib.notices.store import NoticeStore
from chalicelib.tables.transactions import Action


class Notices:
    """Notice versions by the id of what they speak for, for example `cookies-jutsoo`."""

    def __init__(self, store: NoticeStore) -> None:
        self._store = store

    def publication(self, notice: NoticeVersion) -> list[Action]:
        """The writes that publish `notice`, for the transaction of whoever publishes it.

        They fail that transaction with `AlreadyPublished` when the version exists.
        """
        return self._store.publish_actions(notice)

    def published(self, notice_id: str) -> list[NoticeVersion]:
        """Every version ever published, in no particular order."""
        return list(self._store.versions(notice_id))

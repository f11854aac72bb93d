"""The affected of one kind, part by part, for a telling (`notices.telling.models.People`)."""

from collections.abc import Mapping, Sequence

from chalicelib.incidents.affected.items import PARTS
from chalicelib.incidents.affected.store import AffectedStore
from chalicelib.incidents.models import Recipient
from chalicelib.notices.models import Language
from chalicelib.notices.telling.models import Reader

DEFAULT_LANGUAGE: Language = "id"
"""Of people whose language nobody knows."""


class AffectedPeople:
    """Those of an incident and a kind. Who was removed is neither listed nor read."""

    parts = len(PARTS)

    def __init__(self, store: AffectedStore, incident_id: str, kind: Recipient) -> None:
        self._store = store
        self._incident_id = incident_id
        self._kind = kind

    def after(self, part: int, after: str, limit: int) -> list[str]:
        """Up to `limit` ids of the part that come after that one, in order."""
        return self._store.after(self._incident_id, self._kind, PARTS[part], after, limit)

    def readers(self, recipient_ids: Sequence[str]) -> Mapping[str, Reader]:
        """Whom to tell, by id; an address is empty where none is known. One batch read per 100."""
        return {
            each.recipient_id: Reader(each.person.email, each.person.language or DEFAULT_LANGUAGE)
            for each in self._store.many(self._incident_id, recipient_ids).values()
            if not each.is_removed
        }

"""The affected of one kind, part by part, for a telling (`notices.telling.models.People`)."""

from collections.abc import Mapping, Sequence

from chalicelib.incidents.affected.computation_store import ComputationStore
from chalicelib.incidents.affected.contacts import Contacts
from chalicelib.incidents.affected.counts_store import CountsStore
from chalicelib.incidents.affected.items import PARTS
from chalicelib.incidents.affected.store import AffectedStore
from chalicelib.incidents.book import IncidentBook
from chalicelib.incidents.models import Recipient
from chalicelib.notices.models import Language
from chalicelib.notices.telling.models import Reader

DEFAULT_LANGUAGE: Language = "id"
"""Of people whose language nobody knows."""


class AffectedPeople:
    """Those of an incident and a kind. Who was removed is neither listed nor read."""

    parts = len(PARTS)

    def __init__(
        self,
        store: AffectedStore,
        counts: CountsStore,
        computations: ComputationStore,
        contacts: Contacts,
        book: IncidentBook,
        incident_id: str,
        kind: Recipient,
    ) -> None:
        self._store = store
        self._counts = counts
        self._computations = computations
        self._contacts = contacts
        self._book = book
        self._incident_id = incident_id
        self._kind = kind

    def after(self, part: int, after: str, limit: int) -> list[str]:
        """Up to `limit` ids of the part that come after that one, in order."""
        return self._store.after(self._incident_id, self._kind, PARTS[part], after, limit)

    def address_id(self, email: str) -> str:
        """What the address is known by: the same for all who have it."""
        return self._store.address_id(self._incident_id, email)

    def count(self) -> int:
        """How many they are, read consistently."""
        return self._counts.counts(self._incident_id)[self._kind].recipients

    def is_unsettled(self) -> bool:
        """Whether a computation of who has to be on the list still runs, or failed and nobody
        settled that, read consistently."""
        return bool(self._computations.pending(self._incident_id))

    def version(self) -> str:
        """Of the list, and of what says who has to be on it: another where either changed."""
        incident = self._book.seen(self._incident_id)
        return f"{self._counts.revision(self._incident_id)}.{incident.revision}"

    def lacks_contacts(self) -> bool:
        """Whether some affected client that is told as this kind has nobody on the list. Opens the
        facts and every contact."""
        if self._kind is Recipient.SUBJECTS:
            return False
        return bool(self._contacts.lacking(self._book.get(self._incident_id), self._kind))

    def readers(self, recipient_ids: Sequence[str]) -> Mapping[str, Reader]:
        """Whom to tell, by id; an address is empty where none is known. One batch read per 100."""
        return {
            each.recipient_id: Reader(each.person.email, each.person.language or DEFAULT_LANGUAGE)
            for each in self._store.many(self._incident_id, recipient_ids).values()
            if not each.is_removed
        }

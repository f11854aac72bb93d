"""Who has to be told of an incident: put on the list by hand, seen, and taken off it."""

from collections.abc import Mapping, Sequence
from itertools import batched

from chalicelib.audit.entry import Actor, Fact
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.incidents.affected.contacts import Contacts
from chalicelib.incidents.affected.counts_store import CountsStore
from chalicelib.incidents.affected.items import PARTS
from chalicelib.incidents.affected.models import Came, Count, Entry, Outcome, Person
from chalicelib.incidents.affected.store import Adding, AffectedStore, ListGrew
from chalicelib.incidents.book import IncidentBook
from chalicelib.incidents.models import OF_CLIENTS, Recipient
from chalicelib.tables.transactions import Action, RunCommand

_AT_ONCE = 50  # people in a transaction that goes on with every notice of the incident, too
PERMISSION = "incidents.recipients"
"""To see who is on a list; to change it is to handle the incident."""


class Recipients:
    """The lists of incidents; each change leaves its entry in the incident's trail."""

    def __init__(
        self,
        store: AffectedStore,
        counts: CountsStore,
        contacts: Contacts,
        book: IncidentBook,
        list_grew: ListGrew,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._counts = counts
        self._contacts = contacts
        self._book = book
        self._list_grew = list_grew
        self._clock = clock
        self._run_command = run_command

    def put(
        self, incident_id: str, people: Sequence[Person], staff_id: str
    ) -> list[tuple[str, Outcome]]:
        """The ids of `people`, in order, and what came of each. May be repeated.

        Up to 50 are one transaction. Whoever is new is told of what was approved. Clients and
        controllers are among the incident's facts then, and have to be told from now on. Raises
        `UnknownIncident`, `IncidentNotOpen`, `KeyDestroyed`.
        """
        outcomes: list[tuple[str, Outcome]] = []
        for some in batched(people, _AT_ONCE, strict=False):
            outcomes += self._put(incident_id, some, Actor("staff", staff_id)).outcomes
        return outcomes

    def counts(self, incident_id: str) -> Mapping[Recipient, Count]:
        """How many are on the list, by kind. Raises `UnknownIncident`."""
        self._book.readable(incident_id)
        return self._counts.counts(incident_id)

    def without_contact(self, incident_id: str, kind: Recipient) -> tuple[str, ...]:
        """The opaque ids of the affected clients, told as that kind, for whom nobody is on the
        list. Opens every contact.

        Raises `UnknownIncident`, `IncidentOver`.
        """
        return self._contacts.lacking(self._book.get(incident_id), kind)

    def page(
        self, incident_id: str, kind: Recipient, limit: int, after: str, staff_id: str
    ) -> list[Entry]:
        """Up to `limit` of the kind behind that id, opened; the reading is in the trail first.

        Raises `UnknownIncident`, `KeyDestroyed`.
        """
        self._book.readable(incident_id)
        facts: dict[str, Fact] = {"permission": PERMISSION}
        who = Actor("staff", staff_id)
        self._run_command(lambda: self._book.entry(incident_id, who, "personal_data.read", facts))
        first = PARTS.index(after.partition("-")[2][0]) if after else 0
        return self._store.page(incident_id, kind, PARTS[first:], limit, after)

    def remove(self, incident_id: str, recipient_id: str, reason: str, staff_id: str) -> None:
        """Takes somebody off the list who is not affected after all. May be repeated.

        Raises `UnknownIncident`, `IncidentNotOpen`, `UnknownRecipient`, and `ListIsFinal` once a
        notice was approved.
        """
        who, facts = Actor("staff", staff_id), {"recipient": recipient_id}

        def build() -> list[Action]:
            self._book.workable(incident_id)
            removing = self._store.removing(incident_id, recipient_id, reason)
            if not removing:
                return self._book.entry(incident_id, who, "recipients.removed_before", facts)
            return [*removing, *self._book.entry(incident_id, who, "recipients.removed", facts)]

        self._run_command(build)

    def _put(self, incident_id: str, people: Sequence[Person], who: Actor) -> Adding:
        made: list[Adding] = []

        def build() -> list[Action]:
            self._book.workable(incident_id)
            now = from_millis(to_millis(self._clock.now()))
            made[:] = [self._store.adding(incident_id, people, Came.TYPED, now)]
            facts: dict[str, Fact] = {each.value: made[0].count(each) for each in Outcome}
            clients = _clients(people, made[0])
            noted = self._book.affected_clients(incident_id, clients, who, "recipients.put", facts)
            return [*made[0].actions, *noted, *self._list_grew(incident_id, _heard(made[0]), now)]

        self._run_command(build)
        return made[0]


def _heard(adding: Adding) -> frozenset[Recipient]:
    """The kinds whose tellings look at the list again: whoever stands for a client may name one
    that others of the other kind have to stand for."""
    return adding.kinds | (OF_CLIENTS if adding.kinds & OF_CLIENTS else frozenset())


def _clients(people: Sequence[Person], adding: Adding) -> list[str]:
    """Whose contacts are on the list now."""
    put = zip(people, adding.outcomes, strict=True)
    return [
        each.client
        for each, (_, outcome) in put
        if each.client and each.kind is not Recipient.SUBJECTS and outcome is not Outcome.REMOVED
    ]

"""Between lists, notices and tellings: whom nothing has reached yet, and how long telling takes."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.incidents.duties import clients_as
from chalicelib.incidents.models import Incident, Recipient
from chalicelib.incidents.notices.models import Notice, Phase
from chalicelib.incidents.notices.models import State as NoticeState
from chalicelib.incidents.telling.ledger_store import LedgerStore
from chalicelib.incidents.telling.models import BreachTelling, State
from chalicelib.incidents.telling.rules import is_idle, once_more
from chalicelib.incidents.telling.store import BreachTellingStore
from chalicelib.notices.telling.place import PER_SECOND
from chalicelib.tables.transactions import Action

type NoticesOf = Callable[[str], Sequence[Notice]]
"""An incident's notices as they stand in clear, the oldest first."""
type ListedOf = Callable[[str], Mapping[Recipient, int]]
"""How many are on an incident's list, by kind."""


class Standing:
    """How the tellings of an incident stand, all together."""

    def __init__(
        self,
        store: BreachTellingStore,
        lines: LedgerStore,
        notices_of: NoticesOf,
        listed_of: ListedOf,
    ) -> None:
        self._store = store
        self._lines = lines
        self._notices_of = notices_of
        self._listed_of = listed_of

    def untold(self, incident_id: str) -> dict[Recipient, int]:
        """By kind how many on the list its notices have not reached, on whichever way; kinds of
        which nobody is left are not in it.

        Of several notices, supplements included, that one counts which reached fewest. A kind that
        no notice was approved for is not in it either: its duties are open, or nobody has to be
        told. Reads ledgers line by line, some 3,000 read units for 100,000 people.
        """
        notices = self._notices_of(incident_id)
        listed = self._listed_of(incident_id)
        found: dict[Recipient, int] = {}
        for notice, telling in self._tellings(notices):
            if notice.phase is not Phase.REPORT and not _said_in_public(notice, notices):
                left = listed[notice.recipient] - self._reached(telling)
                found[notice.recipient] = max(left, found.get(notice.recipient, 0))
        return {kind: left for kind, left in found.items() if left > 0}

    def is_report_out(self, incident: Incident) -> bool:
        """Whether the report that was approved last has reached everybody who is listed for the
        affected clients, as what those are told now; so it has where none is affected. Reads its
        ledger."""
        if not incident.facts.clients:
            return True
        kind = clients_as(incident.facts.role)
        notices = self._notices_of(incident.incident_id)
        reports = [e for e in notices if e.phase is Phase.REPORT and e.recipient is kind]
        for _, telling in [*self._tellings(reports)][-1:]:
            return self._reached(telling) >= self._listed_of(incident.incident_id)[kind]
        return False  # approved before they were among the facts, or told as what they are not

    def expected_end(self, incident_id: str, recipient: Recipient, now: datetime) -> datetime:
        """When the last mail of a telling that starts at `now` (aware) will have had its moment, if
        nothing is in its way: after those that were written, and that the incident's other tellings
        still have to write.
        """
        listed = self._listed_of(incident_id)
        mails = listed.get(recipient, 0)
        for notice, telling in self._tellings(self._notices_of(incident_id)):
            if telling.state is State.RUNNING:
                mails += max(0, listed[notice.recipient] - telling.place.told)
        slot = self._store.slot()
        start = max(now, slot.next_at) if slot else now
        return start + timedelta(seconds=mails / PER_SECOND)

    def list_grew(
        self, incident_id: str, kinds: Collection[Recipient], now: datetime
    ) -> list[Action]:
        """The writes that tell those of `kinds` who were put on the list since, or whose address
        came to be known: another round of each notice to their kind."""
        return [
            self._store.change(once_more(telling, now))
            for notice, telling in self._tellings(self._notices_of(incident_id))
            if notice.recipient in kinds
        ]

    def clients_named(self, before: Incident, after: Incident, now: datetime) -> list[Action]:
        """The writes that look anew whether somebody is listed for each client and was told, where
        facts name others than before, or have them told as something else."""
        kind = clients_as(after.facts.role)
        is_known = set(after.facts.clients) <= set(before.facts.clients)
        if is_known and kind is clients_as(before.facts.role):
            return []
        return self.list_grew(after.incident_id, {kind}, now)

    def put_to_rest(self, incident_id: str) -> list[Action]:
        """The writes that stop the incident's tellings that wait for what nobody has to do any more
        once nothing is missing to close it."""
        return [
            self._store.change(replace(telling, state=State.STOPPED))
            for _, telling in self._tellings(self._notices_of(incident_id))
            if is_idle(telling)
        ]

    def _tellings(self, notices: Sequence[Notice]) -> Iterator[tuple[Notice, BreachTelling]]:
        for notice in notices:
            if notice.state is NoticeState.APPROVED:
                telling = self._store.get(notice.notice_id)
                if telling is not None:  # the authority's and the public's are filed instead
                    yield notice, telling

    def _reached(self, telling: BreachTelling) -> int:
        said_at = self._store.public_word_at(telling.notice_id)
        lines = self._lines.all(telling.notice_id)
        return sum(line.is_reached or line.is_said(said_at) for line in lines)


def _said_in_public(notice: Notice, notices: Sequence[Notice]) -> bool:
    """Whether the public was told in place of the notice's recipients (GDPR 34(3)(c)): of all its
    duties, and not before what a supplement adds was known."""
    said = {
        duty_id
        for each in notices
        if each.recipient is Recipient.PUBLIC and each.state is NoticeState.FILED
        if notice.phase is Phase.INITIAL or _is_before(notice, each)
        for duty_id in each.duty_ids
    }
    return said.issuperset(notice.duty_ids)


def _is_before(notice: Notice, filed: Notice) -> bool:
    at, filed_at = notice.decided_at, filed.filed_at
    return at is not None and filed_at is not None and at <= filed_at

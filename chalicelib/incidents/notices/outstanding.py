"""What is still to be told before an incident is closed, and not to be seen in its duties.

A supplement that a notice announced (GDPR 33(4)), somebody on the list whom nobody told, a client
for whom nobody is on it, a list that still grows, and the reasons of what was told late (33(1)).
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.errors import FieldError
from chalicelib.incidents.models import (
    OF_CLIENTS,
    Duty,
    DutyState,
    Incident,
    Nature,
    Recipient,
    is_whole,
)
from chalicelib.incidents.notices.contents import contents
from chalicelib.incidents.notices.models import Notice, Phase
from chalicelib.incidents.notices.rules import FILED, is_given
from chalicelib.incidents.notices.store import BreachNoticeStore

type Counted = Callable[[str], Mapping[Recipient, int]]
"""By kind how many of an incident's list."""
type Pending = Callable[[str], Collection[str]]
"""How computations of an incident stand that may still add to its list, or failed to."""
type Lacking = Callable[[Incident, Recipient], Collection[str]]
"""The affected clients told as that kind for whom nobody is on the list."""


@dataclass(frozen=True, slots=True)
class TheList:
    """What is asked of an incident's list. `listed` counts who is on it, `untold` whom the notices
    to their kind have not reached, `pending` says how computations stand that may still add to it,
    or failed to, `is_report_out` whether the report to clients reached all that are affected, and
    `lacking` which clients have nobody on it."""

    listed: Counted
    untold: Counted
    pending: Pending
    is_report_out: Callable[[Incident], bool]
    lacking: Lacking


class Outstanding:
    """Looks at what was given, and to whom."""

    def __init__(self, store: BreachNoticeStore, the_list: TheList) -> None:
        self._store = store
        self._list = the_list

    def of(self, incident: Incident) -> tuple[FieldError, ...]:
        """What is still to be told of the incident; nothing of what is no breach.

        Reads ledgers line by line: for a decision, not for a poll. Raises `ReadIncomplete`.
        """
        if incident.nature is Nature.NO_BREACH:
            return ()
        given = [*filter(is_given, self._store.of_incident(incident.incident_id))]
        notices = [each for each in given if each.phase is not Phase.REPORT]
        told = {each.recipient for each in given}
        return (
            *announced(incident, notices),
            *self._clients(incident, told),
            *self._people(incident, notices),
            *self._reasons(incident, notices),
        )

    def _clients(self, incident: Incident, told: Collection[Recipient]) -> Iterator[FieldError]:
        listed = self._list.listed(incident.incident_id)
        if not self._list.is_report_out(incident):
            yield FieldError("client_report", "untold")
        if incident.facts.more_clients:
            yield FieldError("facts.more_clients", "unconfirmed")
        # Nobody else starts the clock of those who are on the list. Whom a notice went to stays on
        # it, though the client turned out not to be affected.
        waiting = [each for each in OF_CLIENTS if listed.get(each) and each not in told]
        if waiting and not incident.facts.clients:
            yield FieldError("facts.clients", "missing")

    def _people(self, incident: Incident, notices: Sequence[Notice]) -> Iterator[FieldError]:
        listed = self._list.listed(incident.incident_id)
        for standing in sorted(self._list.pending(incident.incident_id)):
            yield FieldError("computation", standing)
        untold = self._list.untold(incident.incident_id)
        for kind in Recipient:
            duties = {each.id for each in _required(incident) if each.recipient is kind}
            if kind in FILED or not duties:
                continue
            ways = [each for each in notices if not duties.isdisjoint(each.fulfils)]
            filed = {each for way in ways if way.recipient in FILED for each in way.fulfils}
            # Told in public, or by mail: of either what was added later is asked for as well.
            were_told = duties <= filed or any(way.recipient is kind for way in ways)
            if untold.get(kind) if were_told else listed.get(kind):
                yield FieldError(f"recipients.{kind}", "untold")
            if self._list.lacking(incident, kind):
                yield FieldError(f"recipients.{kind}", "no_contact")

    def _reasons(self, incident: Incident, notices: Sequence[Notice]) -> Iterator[FieldError]:
        for duty in _required(incident):
            if not duty.was_late or incident.late.get(duty.id):
                continue
            ways = [each for each in notices if duty.id in each.fulfils]
            if not any(self._says_why(each) for each in ways):
                yield FieldError(f"duties.{duty.id}", "reasons_missing")

    def _says_why(self, notice: Notice) -> bool:
        opened = self._store.get(notice.notice_id)
        return opened is not None and is_whole(opened.late_because)


def announced(incident: Incident, notices: Sequence[Notice]) -> Iterator[FieldError]:
    """What notices left for later and none has said since. `notices` were given, the oldest first:
    each holds all that its duties ask for but what it `follows`. Pure."""
    for duty in _required(incident):
        last = next((each for each in reversed(notices) if duty.id in each.duty_ids), None)
        asked = [each.element for each in contents().get(duty.id, ())]
        for element in asked:
            if last is not None and element in last.follows:
                yield FieldError(f"duties.{duty.id}.{element}", "supplement_missing")


def _required(incident: Incident) -> Iterator[Duty]:
    return (each for each in incident.duties if each.state is not DutyState.NOT_REQUIRED)

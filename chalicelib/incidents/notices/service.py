"""Notices: proposed by one, approved by another, told or filed then.

What was proposed is frozen: approved is the text that somebody saw, and nothing else goes out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.audit.entry import Actor, Fact
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.ids import Ids
from chalicelib.incidents.book import IncidentBook
from chalicelib.incidents.models import Incident, Recipient
from chalicelib.incidents.notices.composing import Draft, composed
from chalicelib.incidents.notices.errors import FactsChanged, UnknownNotice
from chalicelib.incidents.notices.gate import Judged, Reasons, judged
from chalicelib.incidents.notices.models import ExpectedEnd, Notice, StartTelling, Written, hashes
from chalicelib.incidents.notices.rules import (
    FILED,
    Approval,
    Asked,
    approved,
    duties_of,
    in_force,
    supplemented,
    withdrawn,
)
from chalicelib.incidents.notices.store import BreachNoticeStore
from chalicelib.incidents.rules import opened
from chalicelib.inventory.service import privacy_contact
from chalicelib.notices.models import Language
from chalicelib.tables.transactions import Action, RunCommand

_READ = "incidents.read"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a notice would say, what it covers, and the gate's word on it.

    Approved now, its last recipient is told at `ends_at`; None where it is filed.
    """

    draft: Draft
    judged: Judged
    texts: Mapping[Language, Written]
    ends_at: datetime | None


class Notices:
    """Proposes, shows and decides; each step leaves its entry in the incident's trail."""

    def __init__(
        self,
        store: BreachNoticeStore,
        book: IncidentBook,
        start_telling: StartTelling,
        expected_end: ExpectedEnd,
        clock: Clock,
        ids: Ids,
        idempotency: Idempotency,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._book = book
        self._start_telling = start_telling
        self._expected_end = expected_end
        self._clock = clock
        self._ids = ids
        self._idempotency = idempotency
        self._run_command = run_command

    def preview(self, incident_id: str, asked: Asked, staff_id: str) -> Preview:
        """What the notice would be now; that facts were read is in the trail first.

        Raises as `propose`, but not what the gate says.
        """
        self._note_reading(incident_id, staff_id)
        return self._preview(opened(self._book.get(incident_id)), asked)

    def propose(
        self, incident_id: str, asked: Asked, staff_id: str, call: KeyedCall | None = None
    ) -> Notice:
        """The notice, frozen as the facts are now; one for each `call`.

        Raises `UnknownIncident`, `IncidentNotOpen`, `NobodyToTell`, `NothingToSupplement`,
        `InvalidInput`, `NoticeIncomplete`, `TooLongToSeal`, `IdempotencyConflict`.
        """
        if earlier := self._idempotency.earlier(call):
            return self.seen(incident_id, str(earlier["notice"]))
        incident = opened(self._book.get(incident_id))
        preview = self._preview(incident, asked)
        preview.judged.check()
        notice = self._frozen(incident, asked, preview, staff_id)

        def build() -> list[Action]:
            entry = self._entry(notice, staff_id, "notice.proposed", _facts(notice))
            return [*self._store.addition(notice), *entry]

        earlier = self._idempotency.run(call, {"notice": notice.notice_id}, build)
        return self.seen(incident_id, str(earlier["notice"])) if earlier else notice

    def approve(
        self, incident_id: str, notice_id: str, staff_id: str, call: KeyedCall | None = None
    ) -> None:
        """Says that the notice is right: who is told one by one is told from now on, the others'
        is ready to be filed.

        Raises `UnknownIncident`, `IncidentNotOpen`, `UnknownNotice`, `NoticeDecided`,
        `SameNoticeProposer`, `AlreadyTold`, `TooManyNotices`, `FactsChanged`,
        `NoticeIncomplete`, `IdempotencyConflict`.
        """

        def decide(notice: Notice) -> list[Action]:
            incident = opened(self._book.get(incident_id))
            others = self._store.of_incident(incident_id)
            now = self._now()
            told_at = self._ends_at(incident_id, notice.recipient, now) or now
            after = approved(notice, incident, others, Approval(staff_id, now, told_at))
            _check_still_said(notice, incident, others)
            return [self._store.change(after), *self._telling(after)]

        self._decide(incident_id, notice_id, staff_id, "notice.approved", decide, call)

    def withdraw(
        self, incident_id: str, notice_id: str, staff_id: str, call: KeyedCall | None = None
    ) -> None:
        """Says that the notice is not to be given, or not to be filed; it stays listed.

        Raises `UnknownNotice`, `IncidentOver`, `NoticeDecided`, `IdempotencyConflict`.
        """

        def decide(notice: Notice) -> list[Action]:
            return [self._store.change(withdrawn(notice, staff_id, self._now()))]

        self._decide(incident_id, notice_id, staff_id, "notice.withdrawn", decide, call)

    def listed(self, incident_id: str) -> list[Notice]:
        """The incident's notices as they stand in clear, the oldest first.

        Raises `UnknownIncident`, `ReadIncomplete`.
        """
        self._book.readable(incident_id)
        return self._store.of_incident(incident_id)

    def seen(self, incident_id: str, notice_id: str) -> Notice:
        """The notice as far as it stands in clear. Raises `UnknownNotice`."""
        return _of(incident_id, self._store.seen(notice_id))

    def read(self, incident_id: str, notice_id: str, staff_id: str) -> Notice:
        """The notice, opened for a member of the staff: that it was read is in the trail first.

        Raises `UnknownNotice`, `IncidentOver`.
        """
        self.seen(incident_id, notice_id)
        self._note_reading(incident_id, staff_id)
        return self._opened(incident_id, notice_id)

    def _preview(self, incident: Incident, asked: Asked) -> Preview:
        earlier = supplemented(asked, self._store.of_incident(incident.incident_id))
        duties = duties_of(incident, asked)
        reasons = Reasons(asked.in_phases_because, asked.late_because)
        _, contact = privacy_contact("en")
        now = self._now()
        ends_at = self._ends_at(incident.incident_id, asked.recipient, now)
        found = judged(incident.facts, duties, contact, reasons, ends_at or now)
        adds_to = (earlier.notice_id, earlier.proposed_at) if earlier else None
        draft = Draft(incident, asked.recipient, duties, found.follows, reasons, adds_to)
        return Preview(draft, found, composed(draft), ends_at)

    def _frozen(self, incident: Incident, asked: Asked, preview: Preview, staff_id: str) -> Notice:
        draft = preview.draft
        return Notice(
            notice_id=self._ids.new(),
            incident_id=incident.incident_id,
            recipient=asked.recipient,
            duty_ids=tuple(each.id for each in draft.duties),
            drill=incident.drill,
            proposed_by=staff_id,
            proposed_at=self._now(),
            sha256=hashes(preview.texts),
            phase=asked.phase,
            supplements=draft.supplements[0] if draft.supplements else "",
            follows=tuple(draft.follows),
            texts=preview.texts,
            in_phases_because=asked.in_phases_because,
            late_because=asked.late_because,
        )

    def _decide(
        self,
        incident_id: str,
        notice_id: str,
        staff_id: str,
        action: str,
        decide: Callable[[Notice], list[Action]],
        call: KeyedCall | None,
    ) -> None:
        if self._idempotency.earlier(call):
            return

        def build() -> list[Action]:
            notice = self._opened(incident_id, notice_id)
            self._book.check_time(incident_id)
            # The chain's end is read first: whoever decides on another notice meanwhile moves it.
            entry = self._entry(notice, staff_id, action, _facts(notice))
            return [*decide(notice), *entry]

        self._idempotency.run(call, {"notice": notice_id}, build)

    def _telling(self, notice: Notice) -> list[Action]:
        if notice.recipient in FILED:
            return []
        return self._start_telling(
            notice.incident_id, notice.notice_id, notice.recipient, notice.drill
        )

    def _ends_at(self, incident_id: str, recipient: Recipient, now: datetime) -> datetime | None:
        """When the last one is told of what is approved `now`: that is in time, or late."""
        return None if recipient in FILED else self._expected_end(incident_id, recipient, now)

    def _opened(self, incident_id: str, notice_id: str) -> Notice:
        return _of(incident_id, self._store.get(notice_id))

    def _note_reading(self, incident_id: str, staff_id: str) -> None:
        who, facts = Actor("staff", staff_id), {"permission": _READ}
        self._book.readable(incident_id)
        self._run_command(lambda: self._book.entry(incident_id, who, "personal_data.read", facts))

    def _entry(
        self, notice: Notice, staff_id: str, action: str, facts: Mapping[str, Fact]
    ) -> list[Action]:
        return self._book.entry(notice.incident_id, Actor("staff", staff_id), action, facts)

    def _now(self) -> datetime:
        """In whole milliseconds, as it is stored."""
        return from_millis(to_millis(self._clock.now()))


def _check_still_said(notice: Notice, incident: Incident, others: Sequence[Notice]) -> None:
    """Raises `FactsChanged` where the facts of now would make another text."""
    adds_to = {each.notice_id: (each.notice_id, each.proposed_at) for each in others}
    draft = Draft(
        incident,
        notice.recipient,
        in_force(notice, incident),
        notice.follows,
        Reasons(notice.in_phases_because, notice.late_because),
        adds_to.get(notice.supplements),
    )
    if hashes(composed(draft)) != notice.sha256:
        raise FactsChanged


def _of(incident_id: str, notice: Notice | None) -> Notice:
    if notice is None or notice.incident_id != incident_id:
        raise UnknownNotice
    return notice


def _facts(notice: Notice) -> dict[str, Fact]:
    """What the trail keeps of a notice: which, to whom, for which duties, and the texts' hashes."""
    return {
        "notice": notice.notice_id,
        "recipient": notice.recipient.value,
        "phase": notice.phase.value,
        "duties": ",".join(notice.duty_ids),
        **{f"sha256_{language}": digest for language, digest in notice.sha256.items()},
    }

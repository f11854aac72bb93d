"""The services of notices of incidents: written, approved, filed, and told to whom they affect."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.services.affected import AffectedServices

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from chalicelib.incidents.aftermath.aftercare import Aftercare
    from chalicelib.incidents.aftermath.closing import Closing
    from chalicelib.incidents.aftermath.models import Step
    from chalicelib.incidents.models import Recipient
    from chalicelib.incidents.notices.filing import Filings
    from chalicelib.incidents.notices.filing_store import FilingStore
    from chalicelib.incidents.notices.proofs import Proofs
    from chalicelib.incidents.notices.service import Notices
    from chalicelib.incidents.telling.handling import TellingDesk
    from chalicelib.incidents.telling.models import BreachTelling
    from chalicelib.incidents.telling.teller import BreachTeller
    from chalicelib.rounds import Rounds
    from chalicelib.tables.transactions import Action


class TellingServices(AffectedServices):
    """Notices, and everything that is done about incidents by itself."""

    @cached_property
    def breach_notices(self) -> "Notices":
        from chalicelib.incidents.notices.service import Notices

        return Notices(
            self._breach_notices,
            self.incident_book,
            self._start_telling,
            self.tellings_standing.expected_end,
            self.clock,
            self.ids,
            self.idempotency,
            self.run_command,
        )

    @cached_property
    def notice_filings(self) -> "Filings":
        from chalicelib.incidents.notices.filing import Filings

        return Filings(
            self._filing_store,
            self._breach_notices,
            self.breach_notices,
            self._filing_proofs,
            self.incident_book,
            self.clock,
            self.ids,
            self.idempotency,
        )

    @cached_property
    def _filing_store(self) -> "FilingStore":
        from chalicelib.incidents.notices.filing_store import FilingStore

        return FilingStore(self.records, self.vault)

    @cached_property
    def _filing_proofs(self) -> "Proofs":
        from chalicelib.incidents.notices.proofs import Proofs

        return Proofs(self.s3, self.settings.trail_bucket, self.vault)

    @cached_property
    def aftercare(self) -> "Aftercare":
        from chalicelib.incidents.aftermath.aftercare import Aftercare
        from chalicelib.incidents.notices.reports import Reports

        return Aftercare(
            self._aftermath_store,
            self.incident_book,
            Reports(self._breach_notices, self._start_telling).sending,
            self.clock,
            self.ids,
            self.idempotency,
            self.run_command,
        )

    @cached_property
    def closing_incidents(self) -> "Closing":
        from chalicelib.incidents.aftermath.closing import Closing
        from chalicelib.incidents.notices.outstanding import Outstanding, TheList

        the_list = TheList(
            self._listed,
            self.tellings_standing.untold,
            self._computations.pending,
            self.tellings_standing.is_report_out,
            self.affected_contacts.lacking,
        )
        return Closing(
            self._aftermath_store,
            self.incident_book,
            Outstanding(self._breach_notices, the_list).of,
            self._turn_list,
            self.clock,
            self.idempotency,
        )

    def _turn_list(self, incident_id: str, step: "Step") -> "Sequence[Action]":
        from chalicelib.incidents.aftermath.models import Step

        counts = self.affected_counts
        if step is not Step.CLOSED:
            return [counts.reopening(incident_id)]
        # In this order: the list is closed as it was before the rest is looked at.
        return [counts.closing(incident_id), *self.tellings_standing.put_to_rest(incident_id)]

    @cached_property
    def telling_desk(self) -> "TellingDesk":
        from chalicelib.incidents.telling.handling import TellingDesk

        return TellingDesk(
            self._breach_tellings,
            self._breach_lines,
            self.breach_ledger,
            self.incident_book,
            self.clock,
            self.idempotency,
        )

    @cached_property
    def breach_teller(self) -> "BreachTeller":
        from chalicelib.incidents.telling.steps import BreachSteps
        from chalicelib.incidents.telling.teller import BreachTeller
        from chalicelib.incidents.telling.writing import Writing

        steps = BreachSteps(
            self._breach_tellings,
            self._breach_lines,
            self.affected_people,
            self._duties_done,
            self._is_off,
            Writing(self._breach_lines, self.outbox),
            self.incident_book,
            self.clock,
        )
        return BreachTeller(self._breach_tellings, steps, self.clock, self.run_command)

    @cached_property
    def incident_rounds(self) -> "Rounds":
        from chalicelib.rounds import Rounds

        return Rounds(
            {
                "alarms": self.incident_watcher.run,
                "telling": self.breach_teller.run,
                "remedies": self.remedy_reminders.run,
            }
        )

    def _start_telling(
        self,
        incident_id: str,
        notice_id: str,
        recipient: "Recipient",
        drill: bool,  # noqa: FBT001  # notices' `StartTelling`
    ) -> "list[Action]":
        # From then on none of them is taken off the list: the ledger is of those who were affected.
        return [
            *self.telling_desk.start(incident_id, notice_id, recipient, drill),
            self.affected_counts.final(incident_id, recipient),
        ]

    def _is_off(self, incident_id: str) -> bool:
        from chalicelib.incidents.models import Nature

        incident = self.incident_book.seen(incident_id)
        return incident.nature is Nature.NO_BREACH or self.incident_book.has_passed(incident)

    def _duties_done(self, telling: "BreachTelling", at: "datetime") -> "list[Action]":
        from chalicelib.incidents.telling.rules import duties_met
        from chalicelib.incidents.telling.steps import TELLER

        incident = self.incident_book.seen(telling.incident_id)
        notice = self._breach_notices.seen(telling.notice_id)
        met = duties_met(telling, incident, notice.fulfils if notice else ())
        if telling.done_at and not met:
            return []
        return self.incident_book.duties_done(telling.incident_id, met, at, TELLER)

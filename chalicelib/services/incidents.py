"""The services of incidents."""

from functools import cached_property
from typing import TYPE_CHECKING, cast

from chalicelib.services.audit import AuditServices
from chalicelib.services.webhooks import WebhookServices

if TYPE_CHECKING:
    from chalicelib.incidents.alarms import Alarms
    from chalicelib.incidents.book import IncidentBook
    from chalicelib.incidents.deciding import Deciding
    from chalicelib.incidents.register import Register
    from chalicelib.incidents.store import IncidentStore
    from chalicelib.incidents.telling.handling import TellingDesk
    from chalicelib.incidents.telling.models import DutiesDone, PeopleOf
    from chalicelib.incidents.telling.teller import BreachTeller
    from chalicelib.incidents.watching import IncidentWatcher
    from chalicelib.notices.models import Language
    from chalicelib.rounds import Rounds


class IncidentServices(AuditServices, WebhookServices):
    """The register, its clocks, and who is told."""

    @cached_property
    def incidents(self) -> "Register":
        from chalicelib.incidents.register import Register

        return Register(
            self._incident_store,
            self.incident_book,
            self.clock,
            self.ids,
            self.idempotency,
            self.run_command,
        )

    @cached_property
    def deciding_incidents(self) -> "Deciding":
        from chalicelib.incidents.deciding import Deciding

        return Deciding(
            self.incident_book,
            lambda: self.receipt_signer,
            self._incident_alarms.dates_corrected,
            self.clock,
            self.idempotency,
        )

    @cached_property
    def incident_book(self) -> "IncidentBook":
        from chalicelib.incidents.book import IncidentBook

        return IncidentBook(self._incident_store, self.trail)

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

    def breach_teller(self, people_of: "PeopleOf", duties_done: "DutiesDone") -> "BreachTeller":
        """Tells those of `people_of`; the duties of a notice are `duties_done` then."""
        from chalicelib.incidents.telling.steps import BreachSteps
        from chalicelib.incidents.telling.teller import BreachTeller

        steps = BreachSteps(
            self._breach_tellings,
            self._breach_lines,
            people_of,
            duties_done,
            self.outbox,
            self.incident_book,
            self.clock,
        )
        return BreachTeller(self._breach_tellings, steps, self.clock, self.run_command)

    @cached_property
    def incident_rounds(self) -> "Rounds":
        from chalicelib.rounds import Rounds

        return Rounds({"alarms": self.incident_watcher.run})

    @cached_property
    def incident_watcher(self) -> "IncidentWatcher":
        from chalicelib.incidents.watching import IncidentWatcher

        return IncidentWatcher(
            self._incident_store, self._incident_alarms, self.clock, self.run_command
        )

    @cached_property
    def _incident_alarms(self) -> "Alarms":
        from chalicelib.incidents.alarms import Alarms

        settings = self.settings
        return Alarms(
            self._incident_store,
            self.incident_book,
            self.outbox,
            self.webhook_events.announcement,
            {
                "handler": [each.strip() for each in settings.alert_address.split(",")],
                "dpo": [settings.dpo_address],
                "second_dpo": [settings.second_dpo_address],
            },
            cast("Language", settings.alert_language),
        )

    @cached_property
    def _incident_store(self) -> "IncidentStore":
        from chalicelib.incidents.store import IncidentStore

        return IncidentStore(self.records, self.vault)

"""The services of incidents."""

from functools import cached_property
from typing import TYPE_CHECKING, cast

from chalicelib.services.audit import AuditServices
from chalicelib.services.connectors import ConnectorServices
from chalicelib.services.own import OwnServices
from chalicelib.services.webhooks import WebhookServices

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from chalicelib.incidents.affected.counts_store import CountsStore
    from chalicelib.incidents.aftermath.reminding import RemedyReminders
    from chalicelib.incidents.aftermath.store import AftermathStore
    from chalicelib.incidents.alarms import Alarms
    from chalicelib.incidents.book import IncidentBook
    from chalicelib.incidents.deciding import Deciding
    from chalicelib.incidents.ending import IncidentEnding
    from chalicelib.incidents.findings.looking import LookingAtFindings
    from chalicelib.incidents.findings.store import FindingStore
    from chalicelib.incidents.models import Recipient
    from chalicelib.incidents.register import Register
    from chalicelib.incidents.store import IncidentStore
    from chalicelib.incidents.telling.standing import Standing
    from chalicelib.incidents.watching import IncidentWatcher
    from chalicelib.notices.consumer import Consumer
    from chalicelib.notices.models import Language
    from chalicelib.tables.transactions import Action


class IncidentServices(AuditServices, OwnServices, WebhookServices, ConnectorServices):
    """The register, its clocks, its alarms."""

    @cached_property
    def incidents(self) -> "Register":
        from chalicelib.incidents.register import Following, Register

        return Register(
            self._incident_store,
            self.incident_book,
            Following(
                self._incident_alarms.reported,
                self._incident_alarms.released,
                self.tellings_standing.clients_named,
            ),
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
            self._incident_alarms.released,
            self.clock,
            self.idempotency,
        )

    @cached_property
    def incident_book(self) -> "IncidentBook":
        from chalicelib.incidents.book import IncidentBook

        return IncidentBook(
            self._incident_store,
            self.trail,
            self._incident_is_over,
            self._keep_incident,
        )

    def _incident_is_over(self, incident_id: str) -> bool:
        from chalicelib.retention.own.place import OwnCollection

        return bool(self.own_reading.over(OwnCollection.INCIDENTS, [incident_id]))

    def _keep_incident(self, incident_id: str, ended_at: "datetime | None") -> "list[Action]":
        return self.keeping.incident_turned(incident_id, ended_at)

    @cached_property
    def tellings_standing(self) -> "Standing":
        from chalicelib.incidents.telling.standing import Standing

        return Standing(
            self._breach_tellings,
            self._breach_lines,
            self._breach_notices.of_incident,
            self._listed,
        )

    @cached_property
    def affected_counts(self) -> "CountsStore":
        from chalicelib.incidents.affected.counts_store import CountsStore

        return CountsStore(self.records)

    def _listed(self, incident_id: str) -> "Mapping[Recipient, int]":
        counts = self.affected_counts.counts(incident_id)
        return {kind: each.recipients for kind, each in counts.items()}

    @cached_property
    def incident_ending(self) -> "IncidentEnding":
        from chalicelib.incidents.ending import IncidentEnding

        return IncidentEnding(
            self._incident_store,
            self._aftermath_store,
            self._breach_notices,
            self._finding_store,
            self._exports,
            self.incident_book,
            self.vault,
            self.run_command,
        )

    @cached_property
    def incident_watcher(self) -> "IncidentWatcher":
        from chalicelib.incidents.watching import IncidentWatcher

        return IncidentWatcher(
            self._incident_store, self._incident_alarms, self.clock, self.run_command
        )

    @cached_property
    def remedy_reminders(self) -> "RemedyReminders":
        from chalicelib.incidents.aftermath.reminding import RemedyReminders

        return RemedyReminders(
            self._aftermath_store,
            self.incident_book,
            self.outbox,
            self._handlers_of,
            cast("Language", self.settings.alert_language),
            self.clock,
            self.run_command,
        )

    def _handlers_of(self, incident_id: str) -> "Sequence[str]":
        """The address of whoever handles the incident, else of the privacy team."""
        own = self._incident_store.mailbox(incident_id)
        return [own] if own else self._team

    @cached_property
    def _team(self) -> "Sequence[str]":
        return [each.strip() for each in self.settings.alert_address.split(",")]

    @cached_property
    def _aftermath_store(self) -> "AftermathStore":
        from chalicelib.incidents.aftermath.store import AftermathStore

        return AftermathStore(self.records, self.vault)

    @cached_property
    def findings_consumer(self) -> "Consumer":
        from chalicelib.incidents.findings.drafting import Drafting
        from chalicelib.incidents.findings.taking import TakingFindings
        from chalicelib.inventory.service import kinds_of_data
        from chalicelib.notices.consumer import Consumer

        settings = self.settings
        drafting = Drafting(
            self.incidents,
            self.outbox,
            self.data_maps.map_in_force,
            kinds_of_data,
            [each.strip() for each in settings.alert_address.split(",")],
            cast("Language", settings.alert_language),
            self.clock,
        )
        taking = TakingFindings(
            self._finding_store, self._incident_store, drafting, self.run_command
        )
        return Consumer(self.sqs, settings.findings_queue_url, taking.take)

    @cached_property
    def looking_at_findings(self) -> "LookingAtFindings":
        from chalicelib.incidents.findings.looking import LookingAtFindings

        return LookingAtFindings(self._finding_store, self.incident_book, self.run_command)

    @cached_property
    def _finding_store(self) -> "FindingStore":
        from chalicelib.incidents.findings.store import FindingStore

        return FindingStore(self.records, self.vault)

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
                "handler": self._team,
                "dpo": [settings.dpo_address],
                "second_dpo": [settings.second_dpo_address],
            },
            cast("Language", settings.alert_language),
        )

    @cached_property
    def _incident_store(self) -> "IncidentStore":
        from chalicelib.incidents.store import IncidentStore

        return IncidentStore(self.records, self.vault)

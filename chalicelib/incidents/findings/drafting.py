"""The draft of a finding: what its type and the data map suggest, and the mails to the team."""

from collections.abc import Callable, Mapping, Sequence

from chalicelib.audit.entry import Actor
from chalicelib.clock import Clock
from chalicelib.connectors.datamap.models import DataMap
from chalicelib.incidents.findings.models import Finding
from chalicelib.incidents.findings.rules import title, triage
from chalicelib.incidents.findings.terms import terms
from chalicelib.incidents.models import DataCategory, Facts, Source
from chalicelib.incidents.register import Register, Report
from chalicelib.notices.models import Language
from chalicelib.notices.outbox import Outbox
from chalicelib.tables.transactions import Action

TAKER = Actor("system", "findings")


class Drafting:
    """Makes drafts, for the transaction of whoever takes a finding in.

    `kinds_of_data` are the policy's categories of data, and whether they are specific.
    """

    def __init__(
        self,
        register: Register,
        outbox: Outbox,
        data_map: Callable[[], DataMap],
        kinds_of_data: Callable[[], Mapping[str, bool]],
        addresses: Sequence[str],
        language: Language,
        clock: Clock,
    ) -> None:
        self._register = register
        self._outbox = outbox
        self._data_map = data_map
        self._kinds_of_data = kinds_of_data
        self._addresses = addresses
        self._language = language
        self._clock = clock

    def draft(self, finding: Finding) -> tuple[str, list[Action]]:
        """The id of a new draft, and its writes: itself, its entry in the trail, the mails."""
        report = Report(Source.FINDING, self._facts(finding))
        incident, actions = self._register.draft(report, TAKER)
        return incident.incident_id, [*actions, *self._mails(incident.incident_id, finding)]

    def _facts(self, finding: Finding) -> Facts:
        now, suggested = self._clock.now(), triage(finding, self._data_map())
        known = self._kinds_of_data()
        since, until = (
            min(seen, now) if seen else None for seen in (finding.first_seen, finding.last_seen)
        )
        return Facts(
            title=title(finding.provider, finding.family, finding.level.word),
            kinds=suggested.kinds,
            occurred_from=since,
            occurred_until=until,
            systems=suggested.systems,
            # The policy may have changed since the data map was put in force.
            categories=tuple(DataCategory(e, known[e]) for e in suggested.categories if e in known),
        )

    def _mails(self, incident_id: str, finding: Finding) -> list[Action]:
        values = {
            "incident_id": incident_id,
            "provider": terms().names[finding.provider],
            "severity": finding.level.word,
        }
        return [
            action
            for address in self._addresses
            for action in self._outbox.mail(
                "incident_draft", address, self._language, values, about=incident_id
            ).actions
        ]

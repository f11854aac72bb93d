"""Takes findings in: each makes at most one draft, and the team is mailed about a draft once.

An event comes at least once, in any order, and two may bring the same finding at the same time. So
whatever becomes of a finding is one transaction under the revision of its note: a draft in the
register, its mails, and the note are there together or not at all.
"""

from dataclasses import replace
from functools import partial

from chalicelib.incidents.findings.drafting import Drafting
from chalicelib.incidents.findings.models import Finding, Noted
from chalicelib.incidents.findings.reading import read_event
from chalicelib.incidents.findings.rules import (
    Step,
    is_worth_a_draft,
    key_after,
    noted_again,
    noted_first,
    step,
)
from chalicelib.incidents.findings.store import FindingStore
from chalicelib.incidents.models import Incident
from chalicelib.incidents.store import IncidentStore
from chalicelib.tables.transactions import Action, RunCommand


class _Settled(Exception):
    """This event was noted before."""


class TakingFindings:
    """Notes findings, and has drafts made of those that somebody has to look at."""

    def __init__(
        self,
        store: FindingStore,
        incidents: IncidentStore,
        drafting: Drafting,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._incidents = incidents
        self._drafting = drafting
        self._run_command = run_command

    def take(self, body: str) -> None:
        """Takes in the findings of the event `body` (JSON), as often as it comes.

        Raises `UnreadableFinding`.
        """
        for finding in filter(is_worth_a_draft, read_event(body)):
            try:
                self._run_command(partial(self._actions, finding))
            except _Settled:
                continue

    def _actions(self, finding: Finding) -> list[Action]:
        finding, noted, incident = self._latest(finding)
        match step(finding, noted, incident):
            case Step.DRAFT:
                return self._drafted(finding, noted)
            case Step.COUNT if noted:
                return self._counted(finding, noted, incident)
        raise _Settled

    def _latest(self, finding: Finding) -> tuple[Finding, Noted | None, Incident | None]:
        """The finding, its note and its incident. Under the name of one whose incident was
        forgotten nothing can be sealed any more: it goes on under the next name."""
        while True:
            noted = self._store.seen(finding.key)
            incident = self._incidents.seen(noted.incident_id) if noted else None
            if noted is None or incident is None or not incident.forgotten:
                return finding, noted, incident
            finding = replace(finding, key=key_after(noted))

    def _drafted(self, finding: Finding, noted: Noted | None) -> list[Action]:
        incident_id, actions = self._drafting.draft(finding)
        if noted is None:
            return [*actions, *self._store.additions(noted_first(finding, incident_id))]
        after = noted_again(finding, noted, incident_id)
        return [*actions, *self._store.drafted_again(after, noted.incident_id)]

    def _counted(self, finding: Finding, noted: Noted, incident: Incident | None) -> list[Action]:
        counted = self._store.changes(noted_again(finding, noted, noted.incident_id))
        if incident and finding.level > noted.level:
            # Whoever dismisses it meanwhile dismisses what was less: then it makes another draft.
            counted.append(self._store.unmoved(incident))
        return counted

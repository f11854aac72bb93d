"""The end of an incident's time: its keys are destroyed, and with them what happened and to whom.

Ids, constants, dates, the ledgers' lines and the chain stay: that there was an incident, who had to
be told until when, and that they were (GDPR 5(2)).
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from chalicelib.audit.entry import Actor
from chalicelib.incidents.aftermath.store import AftermathStore
from chalicelib.incidents.book import IncidentBook
from chalicelib.incidents.findings.models import Noted
from chalicelib.incidents.findings.store import FindingStore
from chalicelib.incidents.notices.store import BreachNoticeStore
from chalicelib.incidents.pack.models import evidence_key
from chalicelib.incidents.store import IncidentStore
from chalicelib.packing.objects import Exports
from chalicelib.retention.archiving.deed import RecordOvertaken
from chalicelib.tables.transactions import Action, Check, RunCommand
from chalicelib.vault.errors import KeyDestroyed
from chalicelib.vault.keys import Scope
from chalicelib.vault.vault import Vault

_WORKER = Actor("system", "retention")


class _NothingLeft(Exception):
    """It was forgotten before. Never leaves this module."""


class IncidentEnding:
    """Ends incidents that nobody works on any more."""

    def __init__(
        self,
        incidents: IncidentStore,
        aftermaths: AftermathStore,
        notices: BreachNoticeStore,
        findings: FindingStore,
        exports: Exports,
        book: IncidentBook,
        vault: Vault,
        run_command: RunCommand,
    ) -> None:
        self._incidents = incidents
        self._aftermaths = aftermaths
        self._notices = notices
        self._findings = findings
        self._exports = exports
        self._book = book
        self._vault = vault
        self._run_command = run_command

    def end(self, incident_id: str, rule: str, guard: Sequence[Check]) -> None:
        """Forgets, in the name of `rule`, what an ended incident said. May be repeated.

        What it said itself goes in one transaction with the conditions of `guard`, and raises what
        they do; then its packs of evidence and, one by one, the texts of its notices. Raises
        `RecordOvertaken`.
        """
        with suppress(_NothingLeft):
            self._run_command(partial(self._forgotten, incident_id, rule, guard))
        for scope in _scopes(incident_id, self._findings.latest_of(incident_id)):
            self._vault.forget(scope)
        self._exports.remove(evidence_key(incident_id, ""))
        for notice in self._notices.of_incident(incident_id):
            self._end_notice(notice.notice_id, rule)

    def _forgotten(self, incident_id: str, rule: str, guard: Sequence[Check]) -> list[Action]:
        incident = self._incidents.seen(incident_id)
        if incident is None or not incident.has_ended:
            raise RecordOvertaken  # opened again since it was decided on, and the record with it
        if incident.forgotten:
            raise _NothingLeft
        aftermath = self._aftermaths.seen(incident_id)
        finding = self._findings.latest_of(incident_id)
        return [
            *guard,
            self._incidents.forget(incident),
            *([self._aftermaths.forget(aftermath)] if aftermath.revision else []),
            # What comes again meanwhile belongs to another draft, under the same key.
            *([self._findings.still(finding)] if finding else []),
            *(
                action
                for scope in _scopes(incident_id, finding)
                if self._vault.has_key(scope)
                for action in self._vault.destroy_actions(scope, rule)
            ),
            *self._book.entry(incident_id, _WORKER, "incident.forgotten", {"rule": rule}),
        ]

    def _end_notice(self, notice_id: str, rule: str) -> None:
        scope = Scope.breach_notice(notice_id)
        with suppress(KeyDestroyed):  # by a worker that died
            self._run_command(lambda: self._vault.destroy_actions(scope, rule))
        self._vault.forget(scope)


def _scopes(incident_id: str, finding: Noted | None) -> list[Scope]:
    """The incident's keys, those included that it may never have had."""
    return [
        Scope.incident(incident_id),
        Scope.handler(incident_id),
        Scope.affected(incident_id),
        *([Scope.finding(finding.key)] if finding else []),
    ]

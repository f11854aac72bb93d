"""What a finding says, for whoever looks at its draft."""

from chalicelib.audit.entry import Actor, Fact
from chalicelib.errors import NotFound
from chalicelib.incidents.book import IncidentBook
from chalicelib.incidents.findings.models import Noted
from chalicelib.incidents.findings.store import FindingStore
from chalicelib.tables.transactions import RunCommand

_READ = "incidents.read"


class NoFinding(NotFound):
    """There is no such incident, or no finding made it."""

    code = "no_finding"


class LookingAtFindings:
    """Opens findings; each reading leaves an entry in the incident's trail."""

    def __init__(self, store: FindingStore, book: IncidentBook, run_command: RunCommand) -> None:
        self._store = store
        self._book = book
        self._run_command = run_command

    def read(self, incident_id: str, staff_id: str) -> tuple[Noted, str]:
        """The finding behind an incident as it came last, and the id of the draft of it that was
        dismissed earlier, empty for none. Raises `NoFinding`, `IncidentOver`."""
        self._book.check_time(incident_id)
        found = self._store.of_incident(incident_id)
        if found is None:
            raise NoFinding
        who = Actor("staff", staff_id)
        facts: dict[str, Fact] = {"permission": _READ}
        self._run_command(lambda: self._book.entry(incident_id, who, "personal_data.read", facts))
        return found

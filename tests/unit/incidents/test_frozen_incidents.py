"""An incident and its line as version 1 wrote them: today's code reads and writes the same."""

from datetime import timedelta
from typing import cast

from chalicelib.incidents.duties import with_duties
from chalicelib.incidents.items import line_of
from chalicelib.incidents.models import (
    Assessment,
    Awareness,
    DataCategory,
    DutyState,
    Facts,
    Incident,
    Kind,
    Nature,
    Scores,
    Severity,
    Source,
)
from chalicelib.incidents.rules import fulfilled
from chalicelib.incidents.store import IncidentStore
from chalicelib.tables.transactions import Put
from chalicelib.vault.vault import Vault
from tests.fakes import START
from tests.unit.identity.test_frozen_items import OneKey, fixture, records

HOUR = timedelta(hours=1)
KNOWN = with_duties(
    Incident(
        incident_id="01J1NC1DENT000000000000000",
        source=Source.PLATFORM,
        drill=False,
        reported_by="platform/treasury",
        recorded_at=START,
        facts=Facts(
            title="A wrong file was sent",
            nature={"en": "Sent", "id": "Terkirim"},
            kinds=frozenset({Kind.CONFIDENTIALITY}),
            occurred_from=START - 2 * HOUR,
            systems=("mail",),
            categories=(DataCategory("financial", specific=True),),
            people=12,
            clients=("pt-maju",),
            countries=("DE",),
        ),
        nature=Nature.BREACH,
        nature_because="It was.",
        handler="01JSTAFF",
        awareness=Awareness(START, "01JSTAFF", START + HOUR, "The client called.", "a.b.c"),
        assessment=Assessment(
            Scores(3, 100, 50, 0, 0, malicious=False),
            Severity.HIGH,
            "As scored.",
            "01JSTAFF",
            START + HOUR,
        ),
        severity=Severity.HIGH,
        late={"eu.breach-authority": {"en": "Nobody was there."}},
    )
)
INCIDENT = fulfilled(KNOWN, frozenset({"policy.breach-clients"}), START + 3 * HOUR)


def test_incident_1() -> None:
    item = fixture("incident")
    store = IncidentStore(records(item), cast("Vault", OneKey()))
    read = store.get(INCIDENT.incident_id)
    assert read is not None
    # Packs may have newer versions: what was frozen stays.
    assert {each.deadline.version for each in read.duties if each.deadline} <= {"2026.1", "2026.2"}
    assert read.facts == INCIDENT.facts
    assert read.late == INCIDENT.late  # which was frozen when reasons had one language
    assert (read.awareness, read.assessment) == (INCIDENT.awareness, INCIDENT.assessment)
    assert [each.id for each in read.duties] == [each.id for each in INCIDENT.duties]
    clients = read.duty("policy.breach-clients")
    assert clients is not None
    assert (clients.state, clients.done_at) == (DutyState.DONE, START + 3 * HOUR)
    written = store.additions(read)[0]
    assert isinstance(written, Put)
    assert {**written.item, "sealed": b"", "rev": 1} == {**item, "sealed": b"", "rev": 1}


def test_incident_line_1() -> None:
    assert line_of(INCIDENT) == fixture("incident_line")

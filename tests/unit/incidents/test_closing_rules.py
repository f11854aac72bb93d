"""What an incident lacks to be closed, part by part."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.incidents.aftermath.closing_rules import missing_parts
from chalicelib.incidents.aftermath.models import (
    ActionState,
    Aftermath,
    ClientReport,
    Containment,
    Method,
    Remedy,
    RootCause,
)
from chalicelib.incidents.models import (
    Assessment,
    Awareness,
    DataCategory,
    Duty,
    DutyState,
    Facts,
    Incident,
    Kind,
    Nature,
    Recipient,
    Scores,
    Severity,
    Source,
)
from tests.fakes import START

TEXTS: Any = {"en": "text", "id": "teks"}
DUTY = Duty("id.agency", Recipient.AUTHORITY, "UU PDP", "46", None, (), DutyState.DONE, START)
INCIDENT = Incident(
    incident_id="01JINCIDENT000000000000000",
    source=Source.STAFF,
    drill=False,
    reported_by="staff/a",
    recorded_at=START,
    facts=Facts(
        title="A laptop",
        kinds=frozenset({Kind.CONFIDENTIALITY}),
        categories=(DataCategory("email_addresses", specific=False),),
        people=0,
        records=0,
        clients=("pt-maju",),
        consequences=TEXTS,
        measures=TEXTS,
    ),
    nature=Nature.BREACH,
    nature_because="it was stolen",
    awareness=Awareness(START, "a", START, "they called", "a.b.c"),
    assessment=Assessment(Scores(1, 25, 0, 0, 0, malicious=False), Severity.LOW, "", "a", START),
    duties=(DUTY,),
)
REMEDY = Remedy("01JACTION", TEXTS, "Bambang", START + timedelta(days=7))
AFTERMATH = Aftermath(
    INCIDENT.incident_id,
    Containment(TEXTS, START),
    RootCause(Method.FIVE_WHYS, TEXTS),
    {REMEDY.action_id: REMEDY},
    TEXTS,
    ClientReport("01JREPORT", TEXTS, "a", START, "b", START),
)

type Incomplete = Callable[[Incident], Incident]
type Unfinished = Callable[[Aftermath], Aftermath]


def missing(incident: Incident, aftermath: Aftermath = AFTERMATH) -> list[tuple[str, str]]:
    return [(each.field, each.code) for each in missing_parts(incident, aftermath)]


def facts(**changes: Any) -> Incomplete:
    return lambda it: replace(it, facts=replace(it.facts, **changes))


def of(**changes: Any) -> Callable[[Any], Any]:
    return lambda it: replace(it, **changes)


def test_where_all_is_there_nothing_is_missing() -> None:
    assert missing(INCIDENT) == []


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (of(nature=Nature.UNDECIDED), ("nature", "undecided")),
        (of(awareness=None), ("awareness", "missing")),
        (of(assessment=None), ("assessment", "missing")),
        (facts(kinds=frozenset()), ("facts.kinds", "missing")),
        (facts(categories=()), ("facts.categories", "missing")),
        (facts(people=None), ("facts.people", "missing")),
        (facts(records=None), ("facts.records", "missing")),
        (facts(consequences={}), ("facts.consequences", "missing")),
        (facts(measures={}), ("facts.measures", "missing")),
        (
            of(duties=(DUTY, replace(DUTY, id="eu.x", state=DutyState.OPEN))),
            ("duties.eu.x", "open"),
        ),
    ],
)
def test_a_part_of_the_register_is_missed(change: Incomplete, part: tuple[str, str]) -> None:
    assert missing(change(INCIDENT)) == [part]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (of(containment=None), ("containment", "missing")),
        (of(root_cause=None), ("root_cause", "missing")),
        (of(remedies={}), ("remediation", "missing")),
        (
            of(remedies={"01JACTION": replace(REMEDY, state=ActionState.DROPPED)}),
            ("remediation", "missing"),
        ),
        (of(lessons={}), ("lessons", "missing")),
        (of(report=None), ("client_report", "missing")),
        (
            of(report=ClientReport("01JREPORT", TEXTS, "a", START)),
            ("client_report", "not_approved"),
        ),
    ],
)
def test_a_part_of_what_follows_is_missed(change: Unfinished, part: tuple[str, str]) -> None:
    assert missing(INCIDENT, change(AFTERMATH)) == [part]


def test_what_is_not_required_is_not_missed() -> None:
    duty = replace(DUTY, state=DutyState.NOT_REQUIRED)
    assert missing(replace(INCIDENT, duties=(duty,))) == []


def test_without_affected_clients_nobody_reports_to_them() -> None:
    assert missing(facts(clients=())(INCIDENT), replace(AFTERMATH, report=None)) == []


def test_no_breach_needs_its_reasons_alone() -> None:
    nothing = Aftermath(INCIDENT.incident_id)
    bare = replace(INCIDENT, nature=Nature.NO_BREACH, facts=Facts(), awareness=None, duties=())
    assert missing(bare, nothing) == []
    assert missing(replace(bare, nature_because=""), nothing) == [("reasons", "missing")]


def test_undecided_it_lacks_what_a_breach_does() -> None:
    bare = Incident("01J", Source.STAFF, False, "staff/a", START, Facts())
    fields = [field for field, _ in missing(bare, Aftermath("01J"))]
    assert fields == [
        "nature",
        "awareness",
        "assessment",
        "facts.kinds",
        "facts.categories",
        "facts.consequences",
        "facts.measures",
        "facts.people",
        "facts.records",
        "containment",
        "root_cause",
        "remediation",
        "lessons",
    ]

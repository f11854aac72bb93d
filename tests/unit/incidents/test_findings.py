"""Findings: what is read of the providers' events, which make a draft, what their types suggest."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.connectors.datamap.reading import read_map
from chalicelib.incidents.findings.models import (
    EVENTS_REMEMBERED,
    Finding,
    Level,
    Provider,
    Resource,
    ResourceKind,
)
from chalicelib.incidents.findings.reading import UnreadableFinding, read_event
from chalicelib.incidents.findings.rules import (
    Step,
    is_worth_a_draft,
    noted_again,
    noted_first,
    step,
    triage,
)
from chalicelib.incidents.findings.terms import terms
from chalicelib.incidents.models import Facts, Incident, Kind, Source, Status
from tests.fakes import START
from tests.findings import (
    BUCKET,
    NAMED,
    asff_finding,
    asff_of_macie,
    asff_of_table,
    guardduty,
    guardduty_finding,
    imported,
    macie,
)
from tests.maps import SHOP


def read(body: str) -> Finding:
    (finding,) = read_event(body)
    return finding


def in_service(**changes: Any) -> str:
    return guardduty(service=guardduty_finding()["service"] | changes)


# --- reading -----------------------------------------------------------------------------------


def test_a_finding_of_guardduty() -> None:
    finding = read(guardduty())
    assert (finding.provider, finding.level) == (Provider.GUARDDUTY, Level.HIGH)
    assert (finding.family, finding.is_live) == ("Exfiltration", True)
    assert finding.first_seen == datetime(2026, 11, 22, 21, 10, tzinfo=UTC)
    assert finding.last_seen == datetime(2026, 11, 22, 23, 40, tzinfo=UTC)
    assert finding.resources == (Resource(ResourceKind.BUCKET, BUCKET),)
    assert finding.words.type == "Exfiltration:S3/MaliciousIPCaller"
    assert NAMED in finding.words.description


def test_a_finding_of_macie() -> None:
    finding = read(macie())
    assert (finding.provider, finding.level) == (Provider.MACIE, Level.HIGH)
    assert (finding.family, finding.is_live) == ("SensitiveData", True)
    assert finding.resources == (Resource(ResourceKind.BUCKET, BUCKET),)
    assert read(macie().replace('"aws.macie"', '"aws.macie2"')) == finding


@pytest.mark.parametrize(
    ("own", "brought"),
    [(guardduty(), asff_finding()), (macie(), asff_of_macie())],
    ids=["guardduty", "macie"],
)
def test_what_security_hub_imports_is_the_same_finding(own: str, brought: dict[str, Any]) -> None:
    first, again = read(own), read(imported(brought))
    assert (again.key, again.provider) == (first.key, first.provider)
    assert (again.level, again.family) == (first.level, first.family)
    assert first.event != again.event
    assert set(first.resources) <= set(again.resources)


def test_two_products_may_have_the_same_id() -> None:
    here, there = (
        read(imported(asff_of_table(ProductArn=f"arn:aws:securityhub:::product/{each}")))
        for each in ("acme/detector", "other/detector")
    )
    assert here.provider is there.provider is Provider.SECURITY_HUB
    assert here.key != there.key


def test_an_event_may_bring_several() -> None:
    keys = {each.key for each in read_event(imported(asff_finding(), asff_of_table()))}
    assert len(keys) == 2


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        (0, Level.LOW),
        (3.9, Level.LOW),
        (4.0, Level.MEDIUM),
        (6.9, Level.MEDIUM),
        (7.0, Level.HIGH),
        (8.9, Level.HIGH),
        (9.0, Level.CRITICAL),
        (10, Level.CRITICAL),
    ],
)
def test_severities_of_guardduty(severity: float, level: Level) -> None:
    assert read(guardduty(severity=severity)).level is level


@pytest.mark.parametrize(
    ("details", "resource"),
    [
        (
            {"rdsDbInstanceDetails": {"dbClusterIdentifier": "crm", "dbInstanceIdentifier": "c-1"}},
            Resource(ResourceKind.DATABASE, "crm"),
        ),
        ({"lambdaDetails": {"functionName": "send"}}, Resource(ResourceKind.FUNCTION, "send")),
        ({"instanceDetails": {"instanceId": "i-99"}}, Resource(ResourceKind.INSTANCE, "i-99")),
        ({"eksClusterDetails": {"name": "main"}}, Resource(ResourceKind.CLUSTER, "main")),
        ({"accessKeyDetails": {"userName": NAMED}}, Resource(ResourceKind.OTHER, "AccessKey")),
    ],
)
def test_resources_of_guardduty(details: dict[str, Any], resource: Resource) -> None:
    body = guardduty(resource={"resourceType": "AccessKey", **details})
    assert read(body).resources[0] == resource


def test_nobody_is_named_among_the_resources() -> None:
    for body in (guardduty(), macie(), imported(asff_finding(), asff_of_macie())):
        for finding in read_event(body):
            assert NAMED not in str([each.name for each in finding.resources])


@pytest.mark.parametrize(
    "body",
    [
        in_service(archived=True),
        in_service(additionalInfo={"sample": True}),
        in_service(additionalInfo={"value": '{"sample":true}', "type": "default"}),
        macie(archived=True),
        macie(sample=True),
        imported(asff_finding(RecordState="ARCHIVED")),
        imported(asff_finding(Workflow={"Status": "SUPPRESSED"})),
        imported(asff_finding(Workflow={"Status": "RESOLVED"})),
        imported(asff_finding(Sample=True)),
        imported(
            asff_of_table(
                Types=["Software and Configuration Checks/Industry and Regulatory Standards"]
            )
        ),
    ],
)
def test_what_is_over_or_a_weakness_is_not_live(body: str) -> None:
    finding = read(body)
    assert not finding.is_live
    assert not is_worth_a_draft(finding)


def test_a_bucket_that_became_public_is_no_mere_weakness() -> None:
    kind = "Software and Configuration Checks/AWS Security Best Practices/Policy:IAMUser-S3Public"
    assert is_worth_a_draft(read(imported(asff_of_macie(Types=[kind]))))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        "{}",
        guardduty(id=""),
        guardduty(id=7),
        guardduty(type=None),
        guardduty(severity="8"),
        guardduty(severity=True),
        guardduty(severity=11),
        guardduty(service={"archived": "false"}),
        macie(severity={"description": "Grave"}),
        macie(severity=3),
        imported(),
        imported(asff_finding(Severity={"Label": "GRAVE"})),
        imported(asff_finding(ProductArn=None)),
        imported(asff_finding(), {}),
        guardduty().replace("GuardDuty Finding", "GuardDuty Runtime Protection Healthy"),
        guardduty().replace("aws.guardduty", "aws.s3"),
        guardduty().replace("aws.guardduty", "aws.macie"),
    ],
)
def test_what_is_not_documented_is_not_read(body: str) -> None:
    with pytest.raises(UnreadableFinding) as refusal:
        read_event(body)
    assert (refusal.value.args, refusal.value.__cause__) == ((), None)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


@pytest.mark.parametrize(
    "odd",
    [
        {"title": None, "description": 7},
        {"resource": None},
        {"resource": {"s3BucketDetails": "x", "lambdaDetails": [], "resourceType": 7}},
        {"resource": {"s3BucketDetails": [{"name": "no name\n"}, 7, {"name": 7}]}},
        {"service": {"eventFirstSeen": "yesterday", "eventLastSeen": {}, "additionalInfo": "["}},
        {"service": {"eventFirstSeen": "0001-01-01T00:00:00+14:00"}},
        {"service": {"eventFirstSeen": "2026-11-22T21:10:00"}},
        {"newer": {"member": 1}},
    ],
)
def test_what_only_helps_may_be_odd(odd: dict[str, Any]) -> None:
    finding = read(guardduty(**odd))
    assert finding.key == read(guardduty()).key
    assert is_worth_a_draft(finding)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    member=st.sampled_from(sorted(guardduty_finding())),
    value=json_values,
)
def test_any_value_anywhere_is_read_or_refused(member: str, value: Any) -> None:
    try:
        findings = read_event(guardduty(**{member: value}))
    except UnreadableFinding:
        return
    assert [each.provider for each in findings] == [Provider.GUARDDUTY]


@given(member=st.sampled_from(sorted(asff_finding())), value=json_values)
def test_any_value_anywhere_in_asff_too(member: str, value: Any) -> None:
    try:
        findings = read_event(imported(asff_finding(**{member: value})))
    except UnreadableFinding:
        return
    assert len(findings) == 1


# --- rules -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "worth"),
    [
        (guardduty(severity=3.9), False),
        (guardduty(severity=4), True),
        (macie(severity={"description": "Medium"}), False),
        (macie(severity={"description": "High"}), True),
        (imported(asff_finding(Severity={"Label": "MEDIUM"})), True),
        (imported(asff_of_macie(Severity={"Label": "MEDIUM"})), False),
        (imported(asff_of_table(Severity={"Label": "MEDIUM"})), False),
        (imported(asff_of_table(Severity={"Label": "HIGH"})), True),
        (imported(asff_finding(Severity={"Label": "INFORMATIONAL"})), False),
    ],
)
def test_the_threshold_goes_by_who_found_it(body: str, worth: bool) -> None:
    assert is_worth_a_draft(read(body)) is worth


def draft_of(status: Status, closed_at: datetime | None = None) -> Incident:
    """What a finding became, and where it stands."""
    return Incident(
        "01JDRAFT",
        Source.FINDING,
        drill=False,
        reported_by="system/findings",
        recorded_at=START,
        facts=Facts(),
        status=status,
        closed_at=closed_at,
    )


@pytest.mark.parametrize(("after", "expected"), [(-1, Step.DRAFT), (1, Step.COUNT)])
def test_what_goes_on_after_its_incident_was_closed_is_another_draft(
    after: int, expected: Step
) -> None:
    noted = noted_first(read(guardduty()), "incident")
    again = read(guardduty("9"))
    assert again.last_seen is not None
    closed = draft_of(Status.CLOSED, again.last_seen + timedelta(hours=after))
    assert step(again, noted, closed) is expected


def test_an_event_counts_once() -> None:
    finding = read(guardduty())
    noted = noted_first(finding, "incident")
    assert step(finding, None, None) is Step.DRAFT
    assert step(finding, noted, draft_of(Status.DRAFT)) is Step.NOTHING
    assert step(read(guardduty("9")), noted, draft_of(Status.DRAFT)) is Step.COUNT


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize(("severity", "worse"), [(5, False), (8, False), (9.5, True)])
def test_only_what_was_dismissed_and_is_worse_now_makes_another_draft(
    status: Status, severity: float, worse: bool
) -> None:
    noted = noted_first(read(guardduty()), "incident")
    again = read(guardduty("9", severity=severity))
    expected = Step.DRAFT if worse and status is Status.DISMISSED else Step.COUNT
    assert step(again, noted, draft_of(status)) is expected


def test_the_note_keeps_the_worst_the_span_and_the_last_events() -> None:
    noted = noted_first(read(guardduty(severity=9.5)), "incident")
    for number in range(30):
        body = guardduty(
            f"{number:02d}",
            severity=5,
            service={"eventFirstSeen": "2026-11-21T00:00:00Z", "eventLastSeen": None},
        )
        noted = noted_again(read(body), noted, "incident")
    assert (noted.count, noted.level) == (31, Level.CRITICAL)
    assert noted.first_seen == datetime(2026, 11, 21, tzinfo=UTC)
    assert noted.last_seen == datetime(2026, 11, 22, 23, 40, tzinfo=UTC)
    assert len(noted.events) == EVENTS_REMEMBERED
    assert step(read(body), noted, draft_of(Status.DRAFT)) is Step.NOTHING


MAP = read_map(
    SHOP
    + f"""
  - fides_key: uploads
    meta:
      jaga:
        kind: s3
        bucket: {BUCKET}
        categories: [identity, contact]
        collections: {{cvs: {{prefix: cv/, format: csv}}}}
    collections: [{{name: cvs, fields: [{{name: id, data_categories: [user.unique_id]}}]}}]
  - fides_key: crm
    meta:
      jaga:
        kind: rds
        cluster: arn:aws:rds:ap-southeast-3:111122223333:cluster:crm
        secret: crm
        database: crm
        categories: [contact]
        collections: {{people: {{}}}}
    collections: [{{name: people, fields: [{{name: id, data_categories: [user.unique_id]}}]}}]
"""
)
DATABASE = {"rdsDbInstanceDetails": {"dbClusterIdentifier": "crm", "dbInstanceIdentifier": "c-1"}}


@pytest.mark.parametrize(
    ("body", "systems", "categories"),
    [
        (guardduty(), ("uploads",), ("identity", "contact")),
        (imported(asff_of_table()), ("shop",), ("business",)),
        (guardduty(resource=DATABASE), ("crm", "database c-1"), ("contact",)),
        (guardduty(resource={"instanceDetails": {"instanceId": "i-9"}}), ("instance i-9",), ()),
        (guardduty(resource={"resourceType": "AccessKey"}), ("other AccessKey",), ()),
    ],
)
def test_a_draft_starts_with_what_the_data_map_says_of_the_resource(
    body: str, systems: tuple[str, ...], categories: tuple[str, ...]
) -> None:
    suggested = triage(read(body), MAP)
    assert (suggested.systems, suggested.categories) == (systems, categories)


@pytest.mark.parametrize(
    ("finding_type", "kinds"),
    [
        ("Exfiltration:S3/MaliciousIPCaller", {Kind.CONFIDENTIALITY}),
        ("Impact:S3/MaliciousIPCaller", {Kind.INTEGRITY, Kind.AVAILABILITY}),
        ("UnauthorizedAccess:IAMUser/ConsoleLogin", {Kind.CONFIDENTIALITY}),
        ("CryptoCurrency:EC2/BitcoinTool.B", {Kind.AVAILABILITY}),
        ("Brandnew:EC2/Thing", set()),
    ],
)
def test_kinds_follow_from_the_family(finding_type: str, kinds: set[Kind]) -> None:
    assert triage(read(guardduty(type=finding_type)), MAP).kinds == kinds


@pytest.mark.parametrize(
    ("types", "family"),
    [
        (["TTPs/Initial Access/UnauthorizedAccess:EC2-SSHBruteForce"], "UnauthorizedAccess"),
        (["Effects/Data Exposure"], "Data Exposure"),
        (["Unusual Behaviors/User", "Effects/Data Exfiltration"], "Data Exfiltration"),
        (["TTPs/Collection"], ""),
        ([], ""),
    ],
)
def test_families_of_asff(types: list[str], family: str) -> None:
    assert read(imported(asff_finding(Types=types))).family == family


def test_the_terms_name_every_provider() -> None:
    assert set(terms().start) == set(terms().names) == set(Provider)

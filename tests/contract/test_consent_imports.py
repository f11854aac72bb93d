"""Files of consents through the API: checked as a whole, applied by the worker row by row."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.audit.entry import Entity
from chalicelib.consents.imports import checking
from chalicelib.consents.imports.models import KEPT
from chalicelib.consents.imports.service import UnknownImport
from chalicelib.services import Services
from chalicelib.tables.codec import decode
from tests.contract.consenting import PURPOSE, Office
from tests.contract.importing import IMPORTS, Importer, csv_of, lines_of
from tests.contract.moto_tables import SESSION
from tests.contract.people import records
from tests.contract.working import waiting, work
from tests.fakes import FixedClock
from tests.gateway import Gateway
from tests.tokens import platform_token


@pytest.fixture
def importer(services: Services, gateway: Gateway) -> Importer:
    return Importer(Office(services, gateway))


GUARDIAN = {"relationship": "parent", "name": "Canary Guardian", "verified_by": "identity card"}
IN_COLUMNS = {f"guardian_{name}": said for name, said in GUARDIAN.items()}


def as_csv(importer: Importer) -> str:
    return csv_of([importer.row(0, **IN_COLUMNS), importer.row(1, email=None), importer.row(2)])


def as_lines(importer: Importer) -> str:
    first: dict[str, Any] = {**importer.row(0), "guardian": GUARDIAN}
    return (
        "\ufeff"
        + lines_of([first, importer.row(1, email=None)])
        + "\r\n\n"
        + lines_of([importer.row(2)])
    )


@pytest.mark.parametrize(("format_", "write"), [("csv", as_csv), ("jsonl", as_lines)])
def test_a_file_is_taken_in_and_its_rows_are_recorded(
    importer: Importer, clock: FixedClock, format_: str, write: Callable[[Importer], str]
) -> None:
    answer = importer.send(write(importer), format_)
    assert answer.status == 202, answer.body
    taken = answer.json()
    assert (taken["status"], taken["rows"], taken["valid"]) == ("running", 3, 3)
    assert (taken["errors"], taken["refusals"], taken["ended_at"]) == ([], [], None)
    assert importer.recorded() == {}
    work(importer.services, clock)
    done = importer.look(taken["import_id"])
    assert (done["status"], done["created"], done["refused"]) == ("done", 3, {})
    assert sorted(importer.recorded().values()) == [1, 1, 1]
    person = importer.office.person("person0@example.test")
    (record,) = person.history()
    assert (record["state"], record["channel"], record["guardian"]["relationship"]) == (
        "given",
        "partner",
        "parent",
    )
    assert (record["evidence"], record["actor"]) == ("sheet 0", "platform/platform-client")
    assert record["occurred_at"] == importer.row()["occurred_at"]
    chain = importer.services.trail.history(Entity("consent_import", taken["import_id"]))
    assert [(each.action, dict(each.facts)) for each in chain] == [
        ("import.accepted", {"valid": 3, "invalid": 0}),
        ("import.ended", {"created": 3, "unchanged": 0, "refused": 0}),
    ]


BAD: list[tuple[dict[str, str | None], str, str]] = [
    ({"state": "expired"}, "state", "not_allowed"),
    ({"state": None}, "state", "missing"),
    ({"purpose": "No Purpose"}, "purpose", "wrong_format"),
    ({"notice_sha256": "0" * 64}, "notice_sha256", "unknown_notice"),
    ({"language": "id"}, "notice_sha256", "unknown_notice"),
    ({"purpose": "service_delivery"}, "notice_sha256", "does_not_ask_for_this"),
    ({"site": "Not A Site"}, "site", "wrong_format"),
    ({"occurred_at": "yesterday"}, "occurred_at", "invalid_value"),
    ({"occurred_at": "2026-11-01T10:00:00"}, "occurred_at", "invalid_value"),
    ({"occurred_at": "2126-01-01T00:00:00Z"}, "occurred_at", "in_the_future"),
    ({"user_id": None, "email": None}, "row", "invalid_value"),
    ({"email": "canary at example.test"}, "email", "malformed"),
    ({"user_id": "canary\x00"}, "user_id", "malformed"),
    ({"evidence": None}, "evidence", "missing"),
    ({"evidence": "canary " * 100}, "evidence", "too_long"),
    ({"guardian_name": "Canary"}, "guardian.relationship", "missing"),
    ({"method": "canary"}, "method", "not_allowed"),
]


@pytest.mark.parametrize(("changes", "field", "code"), BAD)
def test_a_bad_row_is_named_and_nothing_is_stored(
    importer: Importer, changes: dict[str, str | None], field: str, code: str
) -> None:
    before = records(importer.services)
    rows = [importer.row(0), importer.row(1, **changes), importer.row(2)]
    answer = importer.send(csv_of(rows))
    assert answer.status == 200, answer.body
    report = answer.json()
    assert (report["status"], report["import_id"]) == ("refused", None)
    assert (report["rows"], report["valid"], report["invalid"]) == (3, 2, 1)
    assert {"row": 2, "field": field, "code": code} in report["errors"]
    assert {each["row"] for each in report["errors"]} == {2}
    assert "anary" not in answer.body
    assert records(importer.services) == before


@pytest.mark.parametrize(
    ("line", "field", "code"),
    [
        ("{canary", "row", "malformed_json"),
        ("[]", "row", "wrong_type"),
        ('{"canary": 1}', "row", "unknown_field"),
        ('{"purpose": 7}', "purpose", "wrong_type"),
        ('{"email": "\\ud800"}', "row", "malformed_json"),
    ],
)
def test_a_bad_line_is_named(importer: Importer, line: str, field: str, code: str) -> None:
    answer = importer.send(f"{line}\n{lines_of([importer.row()])}", "jsonl")
    assert answer.status == 200, answer.body
    assert {"row": 1, "field": field, "code": code} in answer.json()["errors"]
    assert {each["row"] for each in answer.json()["errors"]} == {1}
    assert "canary" not in answer.body


def test_all_faults_of_a_row_are_named_at_once(importer: Importer) -> None:
    row = importer.row(email="nobody", notice_sha256="0" * 64, occurred_at="2126-01-01T00:00:00Z")
    errors = importer.send(csv_of([row])).json()["errors"]
    assert {each["field"] for each in errors} == {"email", "notice_sha256", "occurred_at"}


def test_with_skip_the_good_rows_are_taken(importer: Importer, clock: FixedClock) -> None:
    rows = [importer.row(number, **({} if number % 2 else {"state": "bad"})) for number in range(5)]
    answer = importer.send(csv_of(rows), on_invalid="skip")
    assert answer.status == 202, answer.body
    work(importer.services, clock)
    done = importer.look(answer.json()["import_id"])
    assert (done["rows"], done["valid"], done["invalid"], done["created"]) == (5, 2, 3, 2)
    faults = [{"row": row, "field": "state", "code": "not_allowed"} for row in (1, 3, 5)]
    assert done["errors"] == answer.json()["errors"] == faults
    assert len(importer.recorded()) == 2


def test_with_skip_a_file_without_a_good_row_is_not_taken(importer: Importer) -> None:
    answer = importer.send(csv_of([importer.row(state="bad")]), on_invalid="skip")
    assert (answer.status, answer.json()["status"]) == (200, "refused")
    assert waiting(importer.services) == []


def test_what_is_said_twice_is_found_under_any_name(importer: Importer) -> None:
    rows = [
        importer.row(1),
        importer.row(2, email=" Person1@EXAMPLE.test"),
        importer.row(1, email=None),
        importer.row(1, occurred_at="2026-11-01T10:00:00Z"),
    ]
    errors = importer.send(csv_of(rows)).json()["errors"]
    assert errors == [{"row": row, "field": "row", "code": "duplicate"} for row in (2, 3)]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("canary\n1\n", "unknown_column"),
        ("email,email\n", "column_twice"),
        ('email\n"canary"x\n', "malformed_csv"),
        ('email\n"canary', "malformed_csv"),
        ("email\n" + 200_000 * "x", "malformed_csv"),
        ("email\n", "no_rows"),
        ("\n\n", "no_rows"),
    ],
)
def test_a_file_that_is_none_is_refused_in_any_case(
    importer: Importer, content: str, code: str
) -> None:
    answer = importer.send(content, on_invalid="skip")
    assert (answer.status, answer.code) == (422, "unreadable_file")
    assert answer.json()["errors"] == [{"field": "content", "code": code}]


def test_a_row_has_as_many_cells_as_the_header(importer: Importer) -> None:
    content = csv_of([importer.row()]) + "one,two\r\n"
    errors = importer.send(content).json()["errors"]
    assert errors == [{"row": 2, "field": "row", "code": "wrong_number_of_cells"}]


def test_a_file_has_at_most_so_many_rows_and_faults(importer: Importer) -> None:
    short = "email\n" + "x\n" * checking.MOST_ROWS
    report = importer.send(short).json()
    assert (report["rows"], report["invalid"]) == (checking.MOST_ROWS,) * 2
    assert len(report["errors"]) == checking.MOST_FAULTS
    answer = importer.send(short + "x\n")
    assert answer.json()["errors"] == [{"field": "content", "code": "too_many_rows"}]


def test_texts_that_are_not_there_are_looked_for_so_often_and_no_more(importer: Importer) -> None:
    rows = [importer.row(number, notice_sha256=f"{number:064x}") for number in range(300)]
    errors = importer.send(csv_of(rows)).json()["errors"]
    assert [each["code"] for each in errors] == 200 * ["unknown_notice"] + 100 * ["too_many_texts"]


def test_what_was_decided_meanwhile_or_before_is_counted_and_changes_nothing(
    importer: Importer, clock: FixedClock
) -> None:
    office = importer.office
    office.person("person0@example.test").decide("refused")
    office.collect(user_id="user-1", email="person1@example.test")
    office.collect(user_id="user-5", email="person5@example.test")
    office.collect(user_id="user-6", email="person6@example.test")
    rows = [
        importer.row(0),
        importer.row(1),
        importer.row(2),
        importer.row(3, state="withdrawn"),
        importer.row(5, email="person6@example.test"),
    ]
    import_id = importer.take(rows)
    before = importer.recorded()
    work(importer.services, clock)
    done = importer.look(import_id)
    assert (done["status"], done["created"], done["unchanged"]) == ("done", 1, 1)
    assert done["refused"] == {
        "superseded": 1,
        "nothing_to_withdraw": 1,
        "identifiers_of_two_people": 1,
    }
    assert done["refusals"] == [
        {"row": 1, "code": "superseded"},
        {"row": 4, "code": "nothing_to_withdraw"},
        {"row": 5, "code": "identifiers_of_two_people"},
    ]
    assert (importer.recorded() - before).total() == 1


def test_a_repeat_is_answered_with_the_import_of_then(
    importer: Importer, clock: FixedClock
) -> None:
    content = csv_of([importer.row()])
    first = importer.send(content, key="k")
    again = importer.send(content, key="k")
    assert (again.status, again.json()) == (202, first.json())
    assert len(waiting(importer.services)) == 1
    work(importer.services, clock)
    late = importer.send(content, key="k").json()
    assert (late["import_id"], late["status"]) == (first.json()["import_id"], "done")
    other = importer.send(content + "\r\n", key="k")
    assert (other.status, other.code) == (409, "idempotency_conflict")


def test_an_import_is_its_client_s_alone_and_for_a_while(
    importer: Importer, clock: FixedClock
) -> None:
    import_id = importer.take([importer.row()])
    path = f"{IMPORTS}/{import_id}"
    office, held = importer.office, importer.services.consent_imports
    assert held.progress(import_id, "platform-client").import_.valid == 1
    with pytest.raises(UnknownImport):
        held.progress(import_id, "another-client")
    checker = platform_token(clock, "consents:check")
    assert office.call("GET", path, checker).status == 403
    clock.advance(KEPT)
    gone = office.call("GET", path, importer.token)
    assert (gone.status, gone.code) == (404, "unknown_import")
    work(importer.services, clock)  # nothing is left to do
    assert importer.recorded() == {}


def test_nothing_of_a_row_stands_in_clear_and_nothing_can_be_read_at_the_end(
    importer: Importer, clock: FixedClock, caplog: pytest.LogCaptureFixture, capsys: Any
) -> None:
    caplog.set_level(logging.DEBUG, "chalicelib")
    rows = [
        importer.row(0, user_id="canary-id", email="canary@example.test", **IN_COLUMNS),
        importer.row(1, evidence="canary evidence"),
        importer.row(2, user_id="canary-bad", state="canary state"),
        importer.row(3, state="withdrawn", evidence="canary refused"),
    ]
    answer = importer.send(csv_of(rows), on_invalid="skip")
    import_id = answer.json()["import_id"]
    seen = [answer.body, repr(everything(importer.services))]
    (part,) = (each for each in records(importer.services) if each["et"] == "consent_import_part")
    work(importer.services, clock)
    assert importer.look(import_id)["refused"] == {"nothing_to_withdraw": 1}
    seen += [json.dumps(importer.look(import_id)), repr(everything(importer.services))]
    printed = capsys.readouterr()
    text = "\n".join((*seen, caplog.text, printed.out, printed.err)).lower()
    for canary in ("canary", "sheet 0", "user-1", "person1@", "identity card"):
        assert canary not in text
    key = f"SCOPE#import/{import_id}"
    assert all(item["pk"] != key for item in scanned(importer.services, "keys"))
    assert any(item["pk"] == f"ERASURE#import/{import_id}" for item in records(importer.services))
    assert part["ttl"] == int((clock.now() + KEPT).timestamp())


def everything(services: Services) -> list[dict[str, Any]]:
    return [item for table in ("records", "audit", "keys") for item in scanned(services, table)]


def scanned(services: Services, table: str) -> list[dict[str, Any]]:
    name = getattr(services, table).name
    return [decode(item) for item in SESSION.client("dynamodb").scan(TableName=name)["Items"]]


CELLS = st.text(max_size=30) | st.sampled_from(["given", PURPOSE, "en", "2026-11-01T10:00:00Z"])
COLUMNS = st.sampled_from(["email", "user_id", "purpose", "state", "occurred_at", "guardian_name"])
FILES = st.one_of(
    st.text(min_size=1, max_size=300),
    st.lists(st.dictionaries(COLUMNS, CELLS, min_size=1), min_size=1, max_size=4).map(csv_of),
    st.lists(st.dictionaries(COLUMNS | st.text(max_size=9), CELLS | st.integers()), max_size=4)
    .map(lines_of)
    .filter(bool),
)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(content=FILES, format_=st.sampled_from(["csv", "jsonl"]))
def test_any_text_gets_a_report(importer: Importer, content: str, format_: str) -> None:
    answer = importer.send(content, format_)
    if answer.status == 200:
        report = answer.json()
        assert report["status"] == "refused"
        assert 0 < report["invalid"] <= len(report["errors"])
    else:
        assert (answer.status, answer.code) == (422, "unreadable_file")

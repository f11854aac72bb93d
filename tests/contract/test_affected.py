"""The list of an incident's affected: everybody once, counted exactly, and nothing in clear."""

import json
from typing import Any

import pytest

from chalicelib.incidents.affected.items import PARTS
from chalicelib.incidents.affected.models import Came, Person
from chalicelib.incidents.models import Recipient
from chalicelib.notices.telling.models import Reader
from chalicelib.services import Services
from chalicelib.tables.codec import decode
from chalicelib.vault.errors import SealBroken
from tests.contract.affected import DINI, INCIDENTS, OKA, Affected, list_many
from tests.contract.moto_tables import another_container
from tests.contract.policies import Uses
from tests.contract.test_tables import at_once
from tests.gateway import Gateway

SUBJECTS = Recipient.SUBJECTS


@pytest.fixture
def affected(services: Services, gateway: Gateway) -> Affected:
    return Affected(services, gateway)


def test_somebody_put_twice_is_there_once(affected: Affected) -> None:
    first = affected.put({"email": DINI, "language": "id"}, {"user_id": "u1"})
    again = affected.put({"email": DINI.upper()}, {"user_id": " u1 "})
    assert [each["outcome"] for each in first] == ["added", "added"]
    assert [each["outcome"] for each in again] == ["known", "known"]
    assert [each["recipient_id"] for each in first] == [each["recipient_id"] for each in again]
    assert affected.people() == {(None, DINI), ("u1", None)}
    assert affected.counts() == {"subjects": (2, 1)}


def test_twice_in_one_call_is_once_and_completes(affected: Affected) -> None:
    answers = affected.put({"user_id": "u1"}, {"user_id": "u1", "email": DINI})
    assert [each["outcome"] for each in answers] == ["added", "added"]
    assert affected.people() == {("u1", DINI)}
    assert affected.counts() == {"subjects": (1, 0)}


def test_a_repeat_completes_what_is_missing_and_corrects_what_was_typed(
    affected: Affected,
) -> None:
    affected.put({"user_id": "u1"})
    (completed,) = affected.put({"user_id": "u1", "email": DINI, "client": "acme"})
    (known,) = affected.put({"user_id": "u1", "email": DINI})
    (corrected,) = affected.put({"user_id": "u1", "email": OKA})
    outcomes = (completed["outcome"], known["outcome"], corrected["outcome"])
    assert outcomes == ("completed", "known", "completed")
    (line,) = affected.listed()
    assert (line["email"], line["client"], line["came"]) == (OKA, "acme", "typed")
    assert affected.counts() == {"subjects": (1, 0)}


def test_kinds_are_apart_and_so_are_incidents(services: Services, gateway: Gateway) -> None:
    one, other = Affected(services, gateway), Affected(services, gateway)
    one.put({"email": DINI}, {"email": DINI, "kind": "clients", "client": "acme"})
    one.put({"email": OKA, "kind": "controllers", "client": "acme"})
    other.put({"email": DINI})
    assert one.counts() == {"subjects": (1, 0), "clients": (1, 0), "controllers": (1, 0)}
    assert one.people("clients") == {(None, DINI)}
    assert other.counts() == {"subjects": (1, 0)}
    ids = [each["sk"] for each in one.items()]
    assert len(set(ids)) == len(ids) == 4


@pytest.mark.parametrize("kind", ["clients", "controllers"])
def test_one_contact_of_two_clients_is_listed_for_each(affected: Affected, kind: str) -> None:
    affected.put(*({"email": DINI, "kind": kind, "client": each} for each in ("acme", "other")))
    assert affected.counts() == {kind: (2, 0)}
    assert {each["client"] for each in affected.listed(kind)} == {"acme", "other"}


def test_nobody_is_taken_off_beside_the_seal(affected: Affected, services: Services) -> None:
    affected.put({"email": DINI})
    (item,) = affected.items()
    services.dynamodb.update_item(
        TableName=services.records.name,
        Key={"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}},
        UpdateExpression="SET #removed = :yes",
        ExpressionAttributeNames={"#removed": "removed"},
        ExpressionAttributeValues={":yes": {"BOOL": True}},
    )
    with pytest.raises(SealBroken):
        services.affected.many(affected.incident_id, [item["sk"]])


def test_a_hundred_in_a_call_are_listed_page_by_page(affected: Affected) -> None:
    affected.put(*({"email": f"person{n}@client.test"} for n in range(100)))
    assert affected.counts() == {"subjects": (100, 0)}
    assert len(affected.people()) == 100
    few = affected.listed(limit=7)
    assert {each["email"] for each in few} == {f"person{n}@client.test" for n in range(100)}
    assert len(few) == 100


@pytest.mark.parametrize(
    ("recipient", "refusal"),
    [
        ({}, ("recipients.0", "invalid_value")),
        ({"email": "nobody"}, ("recipients.0.email", "unusable")),
        ({"user_id": "a\nb"}, ("recipients.0.user_id", "unusable")),
        ({"email": DINI, "kind": "authority"}, ("recipients.0.kind", "not_allowed")),
        ({"email": DINI, "client": "Acme Ltd"}, ("recipients.0.client", "wrong_format")),
        ({"email": DINI, "x": 1}, ("recipients.0", "unknown_field")),
    ],
)
def test_what_is_no_recipient_is_refused(
    affected: Affected, recipient: dict[str, Any], refusal: tuple[str, str]
) -> None:
    answer = affected.call("POST", body={"recipients": [{"kind": "subjects", **recipient}]})
    assert answer.status == 422
    assert refusal in [(each["field"], each["code"]) for each in answer.json()["errors"]]
    assert "nobody" not in answer.body
    assert affected.items() == []


def test_removing_keeps_the_reason_sealed_and_stands_against_computations(
    affected: Affected, services: Services
) -> None:
    (put, _) = affected.put({"user_id": "u1", "email": DINI}, {"user_id": "u2"})
    remove = f"/{put['recipient_id']}/remove"
    for _ in range(2):
        assert affected.call("POST", remove, {"reason": "She left before"}).status == 200
    assert affected.counts() == {"subjects": (1, 1)}
    assert affected.people() == {("u2", None)}
    person = Person(SUBJECTS, DINI, "u1")
    services.run_command(
        lambda: (
            services.affected.adding(
                affected.incident_id,
                [person, Person(SUBJECTS, "", "u3")],
                Came.COMPUTED,
                services.clock.now(),
            ).actions
        )
    )
    assert affected.counts() == {"subjects": (2, 2)}
    (back,) = affected.put({"user_id": "u1", "email": OKA})
    assert back == {"recipient_id": put["recipient_id"], "outcome": "added"}
    assert affected.counts() == {"subjects": (3, 2)}
    assert ("u1", OKA) in affected.people()


def test_nobody_is_removed_once_a_notice_was_approved(
    affected: Affected, services: Services
) -> None:
    (put,) = affected.put({"email": DINI})
    services.run_command(lambda: [services.affected_counts.final(affected.incident_id, SUBJECTS)])
    (client,) = affected.put({"email": DINI, "kind": "clients", "client": "acme"})
    remove = f"/{client['recipient_id']}/remove"
    assert affected.call("POST", remove, {"reason": "another kind"}).status == 200
    answer = affected.call("POST", f"/{put['recipient_id']}/remove", {"reason": "why"})
    assert (answer.status, answer.json()["code"]) == (409, "recipients_final")
    affected.put({"email": OKA})  # found late: to be told as well
    assert affected.counts() == {"subjects": (2, 0)}


def test_whoever_is_unknown_is_not_found(affected: Affected) -> None:
    unknown = f"subjects-{'0' * 32}"
    answer = affected.call("POST", f"/{unknown}/remove", {"reason": "why"})
    assert (answer.status, answer.json()["code"]) == (404, "unknown_recipient")
    assert affected.call("POST", "/subjects-x/remove", {"reason": "why"}).status == 422
    elsewhere = f"{INCIDENTS}/{'0' * 26}/recipients"
    body = {"recipients": [{"kind": "subjects", "email": DINI}]}
    assert affected.staff("POST", elsewhere, body).json()["code"] == "unknown_incident"
    assert affected.staff("GET", elsewhere).status == 404
    assert affected.staff("GET", f"{elsewhere}/list").status == 404


def test_a_cursor_is_of_its_incident_and_kind(services: Services, gateway: Gateway) -> None:
    one, other = Affected(services, gateway), Affected(services, gateway)
    one.put({"email": DINI}, {"email": OKA})
    cursor = one.call("GET", "/list?limit=1").json()["cursor"]
    assert one.call("GET", f"/list?limit=1&cursor={cursor}").status == 200
    for answer in (
        other.call("GET", f"/list?cursor={cursor}"),
        one.call("GET", f"/list?kind=clients&cursor={cursor}"),
        one.call("GET", "/list?kind=authority"),
    ):
        assert answer.status == 422


def test_reading_the_list_is_in_the_trail_and_nobody_is(
    affected: Affected, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    """The canary: neither keys nor trail nor logs know an address, an id or a reason."""
    (put,) = affected.put({"email": DINI, "user_id": "user-of-the-platform", "client": "acme"})
    affected.listed()
    affected.call("POST", f"/{put['recipient_id']}/remove", {"reason": "Not affected: Dini"})
    trail = affected.staff("GET", f"/v1/staff/audit/incident/{affected.incident_id}").json()
    actions = [each["action"] for each in trail["entries"]]
    assert {"recipients.put", "personal_data.read", "recipients.removed"} <= set(actions)
    written = json.dumps(trail) + capsys.readouterr().out
    for table in (services.records, services.audit, services.keys):
        for raw in services.dynamodb.scan(TableName=table.name)["Items"]:
            item = decode(raw)
            written += json.dumps(item, default=repr)
    for canary in (DINI, "Not affected", "user-of-the-platform"):
        assert canary not in written


def test_the_auditor_reads_and_the_engineer_sees_numbers(affected: Affected) -> None:
    affected.put({"email": DINI})
    for role, status in (("auditor", 200), ("engineer", 403)):
        assert affected.call("GET", role=role).status == 200
        assert affected.call("GET", "/list", role=role).status == status
        body = {"recipients": [{"kind": "subjects", "email": OKA}]}
        assert affected.call("POST", body=body, role=role).status == 403


def test_a_telling_meets_everybody_once_part_by_part(
    affected: Affected, services: Services
) -> None:
    affected.put({"email": DINI, "language": "en"}, {"user_id": "u1"}, {"email": OKA})
    affected.put({"email": OKA, "kind": "clients", "client": "pt-maju"})
    (gone,) = affected.put({"email": "gone@client.test"})
    affected.call("POST", f"/{gone['recipient_id']}/remove", {"reason": "why"})
    roll = services.affected_people(affected.incident_id, SUBJECTS)
    met: list[str] = []
    for part in range(roll.parts):
        after = ""
        while ids := roll.after(part, after, 1):
            (after,) = ids
            met += ids
    readers = roll.readers([*met, gone["recipient_id"]])
    assert roll.parts == len(PARTS) == 16
    assert len(set(met)) == len(met) == 3
    assert sorted(readers.values(), key=lambda each: each.email) == [
        Reader("", "id"),
        Reader(DINI, "en"),
        Reader(OKA, "id"),
    ]


def test_after_passes_over_many_who_were_removed(affected: Affected, services: Services) -> None:
    put = affected.put(*({"email": f"person{n}@client.test"} for n in range(60)))
    kept = {each["recipient_id"] for each in put[::20]}
    for each in put:
        if each["recipient_id"] not in kept:
            affected.call("POST", f"/{each['recipient_id']}/remove", {"reason": "why"})
    roll = services.affected_people(affected.incident_id, SUBJECTS)
    assert {each for part in range(16) for each in roll.after(part, "", 1)} <= kept
    assert {each for part in range(16) for each in roll.after(part, "", 100)} == kept
    assert len(affected.listed(limit=1)) == 3


def test_those_who_put_the_same_at_once_count_them_once(racing: Services, gateway: Gateway) -> None:
    affected = Affected(racing, gateway)
    people = [Person(SUBJECTS, f"person{n}@client.test") for n in range(20)]
    now = racing.clock.now()

    def put(turn: int) -> None:
        mine = people[turn:] + people[:turn]
        racing.run_command(
            lambda: racing.affected.adding(affected.incident_id, mine, Came.COMPUTED, now).actions
        )

    affected.put({"email": people[0].email})  # makes the key
    at_once(4, lambda turn: put(turn * 3))
    assert affected.counts() == {"subjects": (20, 0)}


def test_a_thousand_take_one_key_and_one_call_to_kms(
    affected: Affected, services: Services
) -> None:
    other = another_container(services)
    calls: list[str] = []
    other.kms.meta.events.register(
        "before-call.kms", lambda model, **_rest: calls.append(model.name)
    )
    list_many(other, affected.incident_id, 1000)
    assert affected.counts() == {"subjects": (1000, 0)}
    assert len(calls) <= 2  # the branch key of the list, and that of the MACs


def test_the_api_may_do_all_that(affected: Affected, services: Services) -> None:
    uses = Uses()
    uses.watch(services)
    (put,) = affected.put({"email": DINI})
    affected.listed()
    affected.call("POST", f"/{put['recipient_id']}/remove", {"reason": "why"})
    assert uses.refused_by("api_handler") == set()

"""What ended before there were records of it is registered at the moment of its end."""

from datetime import timedelta

import pytest

from chalicelib import services as container
from chalicelib.retention.__main__ import main
from chalicelib.services import Services
from tests.contract.asking import withdraw
from tests.contract.consenting import Office
from tests.contract.handled import by_staff
from tests.contract.keeping import own
from tests.contract.moto_tables import SESSION
from tests.contract.people import EMAIL
from tests.contract.retaining import Retained
from tests.contract.working import MemoryPlace, equip, opened
from tests.fakes import FixedClock
from tests.gateway import Gateway


def forget_records(services: Services) -> list[dict[str, object]]:
    """Takes all records of requests and consents away, as before there were any."""
    dynamodb, gone = SESSION.client("dynamodb"), []
    for item in own(services):
        if item["collection"] in {"requests", "consents"}:
            key = {"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}}
            dynamodb.delete_item(TableName=services.settings.records_table, Key=key)
            gone.append(item)
    return gone


def by_id(items: list[dict[str, object]]) -> dict[object, tuple[object, ...]]:
    names = ("collection", "triggers", "due_sk", "person")
    return {item["pk"]: tuple(item.get(each) for each in names) for item in items}


def test_it_registers_what_ended_and_may_be_repeated(
    services: Services,
    gateway: Gateway,
    clock: FixedClock,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    retained = Retained(services, gateway, clock)
    equip(services, MemoryPlace("crm", {EMAIL: [{"email": EMAIL}]}))
    refused = opened(gateway, services)
    assert by_staff(gateway, refused, "refuse", {"ground": "id/safety"}).status == 200
    retained.later(timedelta(minutes=1))
    withdrawn = opened(gateway, services)
    assert withdraw(gateway, withdrawn, withdrawn.json()["tracking_token"]).status == 200
    retained.later(timedelta(minutes=1))
    opened(gateway, services)
    office, now = Office(services, gateway), clock.now().isoformat()
    for user, state in (("user-1", "given"), ("user-1", "withdrawn"), ("user-2", "given")):
        email = f"{user}@example.test"
        answer = office.collect(user_id=user, email=email, state=state, occurred_at=now)
        assert answer.status == 201, answer.body
    before = forget_records(services)
    assert len(before) == 3
    retained.later(timedelta(days=1))
    monkeypatch.setattr(container, "_current", [services])
    assert main(["backfill"]) == 0
    assert capsys.readouterr().out == "2 requests registered\n1 consents registered\n"
    after = [each for each in own(services) if each["collection"] in {"requests", "consents"}]
    assert by_id(after) == by_id(before)
    assert main(["backfill"]) == 0
    assert capsys.readouterr().out == "0 requests registered\n0 consents registered\n"

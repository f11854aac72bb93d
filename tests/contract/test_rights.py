"""The functions' policies allow what the functions do, and no operation more.

What they do is recorded below botocore, in moto; whether they may is tested on the deployed stack.
"""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.audit.digests import preference_digest
from chalicelib.audit.erasing import Erasing
from chalicelib.connectors.webhooks.client import NoAnswer
from chalicelib.notices.consumer import Later
from chalicelib.notices.feedback import Feedback
from chalicelib.services import Services, use
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import run_command
from chalicelib.vault.ledger import ErasureLedger
from tests.contract.asking import code_of, look, make, prove
from tests.contract.calls import call_signed_in
from tests.contract.closing import Ending
from tests.contract.cookies import PREFERENCES, body, post, stored
from tests.contract.counted import consent, delivery
from tests.contract.hooks import DPO, URL, Hooks
from tests.contract.moto_tables import another_container
from tests.contract.operations import OPERATIONS
from tests.contract.post import Post
from tests.contract.test_breach_approvals import DINI, put
from tests.contract.test_breach_journey import everybody
from tests.contract.test_breach_notices import approved
from tests.contract.test_breach_telling import post_of
from tests.contract.test_told_after_all import bounce, lines
from tests.fakes import FixedClock
from tests.gateway import Gateway
from tests.unit.audit.test_digests import PREFERENCE
from tests.unit.audit.world import PLENTY, World, new_world

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

POLICIES = Path(__file__).parents[2] / ".chalice"
IN_A_TRANSACTION = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}

type Rights = set[tuple[str, str]]
"""An operation and the logical name of its table, `records/due` for an index."""


def granted(function: str) -> Rights:
    """The rights on items that the function's policy grants."""
    policy = json.loads((POLICIES / f"policy-{function}.json").read_text())
    return {
        (action.removeprefix("dynamodb:"), _table(statement["Resource"]))
        for statement in policy["Statement"]
        for action in statement["Action"]
        if action.startswith("dynamodb:") and "Stream" not in json.dumps(statement["Resource"])
        if "/stream/" not in json.dumps(statement["Resource"])
    }


def _table(resource: dict[str, Any]) -> str:
    match resource:
        case {"Fn::GetAtt": [str(name), "Arn"]}:
            return name.removesuffix("Table").lower()
        case {"Fn::Sub": str(arn)} if arn.startswith("${RecordsTable.Arn}/index/"):
            return f"records/{arn.rpartition('/')[2]}"
    raise ValueError(resource)


@contextmanager
def recorded(client: "DynamoDBClient", *tables: Table) -> Iterator[Rights]:
    """The rights on items of `tables` that are used within, through `client`."""
    logical = {table.name: table.logical for table in tables}
    used: Rights = set()

    def note(params: dict[str, Any], model: Any, **_: object) -> None:
        if "RequestItems" in params:
            used.update((model.name, logical[name]) for name in params["RequestItems"])
        elif "TransactItems" in params:
            used.update(
                (IN_A_TRANSACTION[member], logical[part["TableName"]])
                for item in params["TransactItems"]
                for member, part in item.items()
            )
        else:
            index = f"/{params['IndexName']}" if "IndexName" in params else ""
            used.add((model.name, logical[params["TableName"]] + index))

    events = getattr(client, "_client", client).meta.events  # behind OneCallAtATime
    events.register("provide-client-params.dynamodb", note)
    yield used
    events.unregister("provide-client-params.dynamodb", note)


@pytest.fixture
def world() -> Iterator[World]:
    with new_world() as made:
        yield made


def _recorded_in(world: World) -> AbstractContextManager[Rights]:
    tables = world.tables
    return recorded(tables.records.client, tables.records, tables.audit)


def test_a_checkpoint_uses_every_right_that_it_has(world: World) -> None:
    world.append("site/jutsoo")
    world.book.add([preference_digest(PREFERENCE)], world.clock.now())
    tables = world.tables
    run = partial(run_command, tables.records.client, sleep=lambda _: None)
    ledger = ErasureLedger(tables.records, tables.audit, world.clock)
    run(lambda: [ledger.record_action("id", world.clock.now(), "delete", "rule", {})])
    erasing = Erasing(
        tables.audit, tables.s3, tables.bucket, world.signer, world.trail, world.clock, run
    )
    with _recorded_in(world) as used:
        world.checkpoint()
        world.clock.advance(timedelta(hours=1))
        assert erasing.run(lambda: PLENTY).written == 1
        world.checkpoint()
    assert used == granted("checkpoint_trail")


def test_the_digests_use_every_right_that_they_have(world: World) -> None:
    with _recorded_in(world) as used:
        world.book.add([preference_digest(PREFERENCE)], world.clock.now())
    assert used == granted("digest_preferences")


def test_the_watcher_uses_every_right_that_it_has(
    services: Services, gateway: Gateway, clock: FixedClock
) -> None:
    lapsing = make(gateway)
    clock.advance(timedelta(days=27, hours=23))
    services.watcher.run(lambda: 60_000)
    alerting = make(gateway)
    prove(gateway, alerting, code_of(services))
    hooks = Hooks(services)
    hooks.register(URL, "data_request.deadline")
    clock.advance(timedelta(hours=25))
    with _cold_container(services) as other:
        tables = (other.records, other.audit, other.keys)
        with recorded(other.dynamodb, *tables) as used:
            report = other.watcher.run(lambda: 60_000)
    assert (report.lapsed, report.alerted, report.failed) == (1, 1, 0)
    assert look(gateway, lapsing).json()["status"] == "lapsed"
    assert used == granted("watch_requests")


def test_the_mail_uses_every_right_that_it_has(services: Services) -> None:
    message_id = Post(services).queue()
    with (
        _cold_container(services) as other,
        recorded(other.dynamodb, other.records, other.keys) as used,
    ):
        cold = Post(other)
        cold.deliver(message_id)
        cold.deliver(message_id)
    assert used == granted("send_mail")


def test_the_feedback_uses_every_right_that_it_has(
    services: Services, gateway: Gateway, clock: FixedClock
) -> None:
    here = Ending(services, gateway)
    incident_id = here.known(countries=["ID"])
    put(here, incident_id, DINI)
    notice_id = approved(here, incident_id, "subjects")
    everybody(post_of(services), services, clock)
    (line,) = lines(here, incident_id, notice_id)
    post = Post(services)
    message_id = post.queue()
    post.deliver(message_id)
    with recorded(services.dynamodb, services.records) as used:
        bounce(services, line)  # whose telling was done
        Feedback(post.store).record(
            '{"mail": {"messageId": "ses-1"}, "bounce": {"bounceType": "Permanent"}}'
        )
    assert post.look(message_id).reason == "permanent_other"
    assert used == granted("record_feedback")


def test_the_counts_use_every_right_that_they_have(services: Services, gateway: Gateway) -> None:
    assert post(gateway, body(services)).status == 201
    with _cold_container(services) as other:
        tables = (other.records, other.preferences, other.audit, other.keys)
        said = [consent(services.ids.new(), services.clock.now())]
        with recorded(other.dynamodb, *tables) as used:
            other.counting.consents(delivery(said))
        assert used == granted("count_consents")
        chosen = delivery(stored(services))
        with recorded(other.dynamodb, *tables) as used:
            other.counting.preferences(chosen)
        assert used == granted("count_preferences")


def test_the_relay_touches_no_item() -> None:
    assert granted("relay_outbox") == set()


def test_the_webhooks_use_every_right_that_they_have(services: Services) -> None:
    hooks = Hooks(services)
    endpoint_id = hooks.register().endpoint_id
    fine, silent, gone = (hooks.queue(endpoint_id) for _ in range(3))
    other = another_container(services)
    cold = Hooks(other)
    with recorded(other.dynamodb, other.records, other.audit, other.keys) as used:
        cold.deliver(fine)
        cold.internet.answers = [410]
        cold.deliver(gone)
        other.webhooks.resume(DPO, endpoint_id)
        cold.internet.answers = [NoAnswer()]
        with pytest.raises(Later):
            cold.deliver(silent)
    assert used == granted("send_webhooks")


def test_the_api_uses_every_right_that_it_has(services: Services, gateway: Gateway) -> None:
    first = body(services)
    tables = (services.records, services.preferences, services.audit, services.keys)
    with recorded(services.dynamodb, *tables) as used:
        assert post(gateway, first).status == 201  # makes the day's keys
        for operation in OPERATIONS:
            if "{site}" not in operation.path:
                call_signed_in(gateway, services, operation.method, operation.path)
    with _cold_container(services) as other, recorded(other.dynamodb, *tables) as more:
        assert gateway.call("GET", f"{PREFERENCES}/{first['visitor_id']}").status == 200
        second = body(services, event_id="01JEVENT000000000000000002")  # much later
        assert post(gateway, second).status == 201
    assert used | more == granted("api_handler")


@contextmanager
def _cold_container(services: Services) -> Iterator[Services]:
    """A cold one, in place of the first."""
    other = another_container(services)
    use(other)
    yield other
    use(services)

"""What the staff does with webhook endpoints, and what is kept of it."""

import json
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

import pytest

from chalicelib.audit.entry import Actor
from chalicelib.connectors.webhooks.client import NoAnswer
from chalicelib.connectors.webhooks.endpoint_store import EndpointStore
from chalicelib.connectors.webhooks.events import Events
from chalicelib.connectors.webhooks.models import OVERLAP, Endpoint, EndpointState
from chalicelib.connectors.webhooks.service import (
    MOST_ENDPOINTS,
    TooManyWebhooks,
    UnknownWebhook,
    Webhooks,
    webhook_entity,
)
from chalicelib.connectors.webhooks.signing import SigningSecret
from chalicelib.connectors.webhooks.targets import RefusedTarget
from chalicelib.services import Services
from chalicelib.tables.codec import decode
from chalicelib.tables.conditions import PRESENT
from chalicelib.tables.keys import Key
from chalicelib.vault.errors import SealBroken
from tests.contract.hooks import DPO, EVENT, URL, Hooks, fresh
from tests.contract.moto_tables import SESSION
from tests.contract.test_tables import at_once
from tests.fakes import FixedClock

TICK = timedelta(milliseconds=1)


@pytest.fixture
def hooks(services: Services) -> Hooks:
    return Hooks(services)


def everything(services: Services) -> bytes:
    """All items of records and audit, as they lie there."""
    names = (services.settings.records_table, services.settings.audit_table)
    return repr([services.dynamodb.scan(TableName=name)["Items"] for name in names]).encode()


def secrets_of(services: Services, endpoint_id: str) -> list[SigningSecret]:
    endpoint = services.webhook_endpoints.get(endpoint_id)
    assert endpoint is not None
    (opened,) = services.webhook_endpoints.open([endpoint])
    return opened.signers(services.clock.now())


def test_a_registered_endpoint_is_listed_with_its_url(hooks: Hooks, services: Services) -> None:
    first = hooks.register(URL, "request.opened", EVENT, EVENT)
    second = hooks.register("https://other.example.com/")
    listed = hooks.listed()
    assert [(each.id, url) for each, url in listed] == [
        (first.endpoint_id, URL),
        (second.endpoint_id, "https://other.example.com/"),
    ]
    assert listed[0][0].events == (EVENT, "request.opened")
    assert services.webhooks.get(first.endpoint_id) == listed[0]
    assert first.secret != second.secret
    assert hooks.actions_on(first.endpoint_id) == ["webhook.registered"]


def test_neither_url_nor_secret_lies_in_clear(hooks: Hooks, services: Services) -> None:
    issued = hooks.register()
    hooks.services.webhooks.rotate(DPO, issued.endpoint_id)
    stored = everything(services)
    assert b"hooks.example.com" not in stored
    assert fresh(issued).reveal().removeprefix("whsec_").encode() not in stored
    endpoint, _ = services.webhooks.get(issued.endpoint_id)
    (opened,) = services.webhook_endpoints.open([endpoint])
    for shown in (repr(issued), repr(endpoint), repr(opened)):
        assert "hooks.example.com" not in shown
        assert fresh(issued).reveal() not in shown


def test_what_is_sealed_belongs_to_its_endpoint_alone(hooks: Hooks, services: Services) -> None:
    one, other = hooks.register(), hooks.register("https://other.example.com/")
    theirs = services.webhook_endpoints.get(other.endpoint_id)
    assert theirs is not None
    at = Key("WEBHOOKS", f"ENDPOINT#{one.endpoint_id}")
    services.records.update(at, PRESENT, put={"sealed": theirs.item["sealed"]})
    with pytest.raises(SealBroken):
        services.webhooks.get(one.endpoint_id)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://hooks.example.com/", "not_https"),
        ("http://127.0.0.1:8080/", "not_https"),
        ("https://127.0.0.1/", "not_a_domain_name"),
        ("https://user@hooks.example.com/", "malformed"),
        ("https://hooks.example.com:22/", "port_not_allowed"),
    ],
)
def test_a_target_that_may_not_be_posted_to_is_not_registered(
    hooks: Hooks, services: Services, url: str, reason: str
) -> None:
    with pytest.raises(RefusedTarget) as refused:
        hooks.register(url)
    assert [(each.field, each.code) for each in refused.value.fields] == [("url", reason)]
    assert hooks.listed() == []


def test_a_name_of_a_private_address_is_not_registered(hooks: Hooks, services: Services) -> None:
    hooks.internet.addresses = [ip_address("93.184.215.14"), ip_address("10.0.0.1")]
    with pytest.raises(RefusedTarget) as refused:
        hooks.register()
    assert refused.value.reason == "not_public"
    hooks.internet.addresses = []
    with pytest.raises(RefusedTarget):
        hooks.register()
    assert hooks.listed() == []


def test_the_machine_itself_is_a_target_on_the_local_stage_alone(services: Services) -> None:
    def of_stage(stage: str) -> Services:
        settings = replace(services.settings, stage=stage)
        return Services(settings, create_client=SESSION.client)

    target, address = of_stage("local").webhook_client.locate("http://127.0.0.1:9/")
    assert (target.port, str(address)) == (9, "127.0.0.1")
    for stage in ("prod", "test", ""):
        with pytest.raises(RefusedTarget):
            of_stage(stage).webhook_client.locate("http://127.0.0.1:9/")


def test_registering_posts_nothing(hooks: Hooks) -> None:
    hooks.internet.answers = [NoAnswer()]
    hooks.register()
    assert hooks.internet.posted == []


def test_there_is_an_end_to_endpoints(hooks: Hooks, services: Services) -> None:
    class Full(EndpointStore):
        def all(self) -> list[Endpoint]:
            return super().all() * MOST_ENDPOINTS

    hooks.register()
    full = Webhooks(
        Full(services.records, services.vault),
        services.webhook_dead_letters,
        hooks.internet.locate,
        services.trail,
        services.clock,
        services.ids,
        services.idempotency,
        services.run_command,
    )
    with pytest.raises(TooManyWebhooks):
        full.register(DPO, URL, [EVENT])


def test_a_rotated_secret_signs_beside_the_new_one_for_a_day(
    hooks: Hooks, services: Services, clock: FixedClock
) -> None:
    first = hooks.register()
    second = services.webhooks.rotate(DPO, first.endpoint_id)
    assert second.previous_valid_until == clock.now() + OVERLAP
    assert secrets_of(services, first.endpoint_id) == [second.secret, first.secret]
    clock.advance(OVERLAP - TICK)
    assert secrets_of(services, first.endpoint_id) == [second.secret, first.secret]
    clock.advance(TICK)
    assert secrets_of(services, first.endpoint_id) == [second.secret]
    assert hooks.actions_on(first.endpoint_id) == ["webhook.registered", "webhook.rotated"]


def test_rotating_twice_cuts_no_secret_short(
    hooks: Hooks, services: Services, clock: FixedClock
) -> None:
    first = hooks.register()
    second = services.webhooks.rotate(DPO, first.endpoint_id)
    clock.advance(OVERLAP / 2)
    third = services.webhooks.rotate(DPO, first.endpoint_id)
    assert secrets_of(services, first.endpoint_id) == [third.secret, second.secret, first.secret]
    clock.advance(OVERLAP / 2)
    assert secrets_of(services, first.endpoint_id) == [third.secret, second.secret]
    fourth = services.webhooks.rotate(DPO, first.endpoint_id)
    endpoint, _ = services.webhooks.get(first.endpoint_id)
    (opened,) = services.webhook_endpoints.open([endpoint])
    assert first.secret not in [each.secret for each in opened.former]  # ended, so not kept
    assert opened.secret == fourth.secret


def test_an_endpoint_is_paused_and_resumed(hooks: Hooks, services: Services) -> None:
    endpoint_id = hooks.register().endpoint_id
    for _ in range(2):
        services.webhooks.pause(DPO, endpoint_id)
        assert services.webhooks.get(endpoint_id)[0].state is EndpointState.PAUSED
    for _ in range(2):
        services.webhooks.resume(DPO, endpoint_id)
        assert services.webhooks.get(endpoint_id)[0].state is EndpointState.ACTIVE
    assert services.webhooks.get(endpoint_id)[1] == URL
    assert hooks.actions_on(endpoint_id) == [
        "webhook.registered",
        "webhook.paused",
        "webhook.resumed",
    ]


def test_a_removed_endpoint_is_unknown(hooks: Hooks, services: Services) -> None:
    endpoint_id = hooks.register().endpoint_id
    services.webhooks.remove(DPO, endpoint_id)
    assert hooks.listed() == []
    for use in (
        lambda: services.webhooks.get(endpoint_id),
        lambda: services.webhooks.rotate(DPO, endpoint_id),
        lambda: services.webhooks.pause(DPO, endpoint_id),
        lambda: services.webhooks.resume(DPO, endpoint_id),
        lambda: services.webhooks.remove(DPO, endpoint_id),
        lambda: services.webhook_redrive.run(DPO, endpoint_id),
    ):
        with pytest.raises(UnknownWebhook):
            use()
    assert hooks.actions_on(endpoint_id) == ["webhook.registered", "webhook.removed"]


def test_a_rest_neither_revives_a_removed_endpoint_nor_survives_resuming(
    hooks: Hooks, services: Services, clock: FixedClock
) -> None:
    gone = hooks.register().endpoint_id
    services.webhooks.remove(DPO, gone)
    services.webhook_endpoints.rest(gone, clock.now())
    assert services.webhook_endpoints.get(gone) is None
    endpoint_id = hooks.register().endpoint_id
    services.webhook_endpoints.rest(endpoint_id, clock.now() + timedelta(seconds=1))
    assert services.webhooks.get(endpoint_id)[0].rests(clock.now())
    services.webhooks.pause(DPO, endpoint_id)
    services.webhooks.resume(DPO, endpoint_id)
    assert not services.webhooks.get(endpoint_id)[0].rests(clock.now())


def test_ten_at_once_change_one_endpoint_without_losing_anything(
    hooks: Hooks, services: Services
) -> None:
    first = hooks.register()
    issued = at_once(10, lambda _: services.webhooks.rotate(DPO, first.endpoint_id).secret)
    kept = secrets_of(services, first.endpoint_id)
    assert len(kept) == 11
    assert set(kept) == {first.secret, *issued}
    assert hooks.actions_on(first.endpoint_id).count("webhook.rotated") == 10


def test_the_trail_names_who_did_it_and_nothing_that_is_sealed(
    hooks: Hooks, services: Services
) -> None:
    endpoint_id = hooks.register().endpoint_id
    other = Actor("staff", "01JENGINEER")
    services.webhooks.pause(other, endpoint_id)
    entries = list(services.trail.history(webhook_entity(endpoint_id)))
    assert [str(each.actor) for each in entries] == ["staff/01JDPO", "staff/01JENGINEER"]
    assert [dict(each.facts) for each in entries] == [{}, {}]


def test_an_event_is_queued_for_those_who_asked_for_it(hooks: Hooks, services: Services) -> None:
    wanting = hooks.register(URL, EVENT, "request.opened").endpoint_id
    hooks.register("https://other.example.com/", "request.opened")
    paused = hooks.register("https://paused.example.com/", EVENT).endpoint_id
    services.webhooks.pause(DPO, paused)
    events: Events = services.webhook_events
    services.run_command(lambda: events.announcement(EVENT, {"request_id": "01J"}))
    items = services.dynamodb.scan(TableName=services.settings.records_table)["Items"]
    queued = [each for each in map(decode, items) if each["et"] == "outbox_message"]
    assert {each["endpoint"] for each in queued} == {wanting, paused}
    message = hooks.look(str(queued[0]["pk"]).removeprefix("OUTBOX#"))
    assert json.loads(services.outbox_store.open_body(message)) == {
        "type": EVENT,
        "timestamp": "2026-11-23T10:00:00.000Z",
        "data": {"request_id": "01J"},
    }


def test_an_event_that_nobody_asked_for_writes_nothing(hooks: Hooks, services: Services) -> None:
    hooks.register(URL, EVENT)
    assert services.webhook_events.announcement("request.opened", {}) == []

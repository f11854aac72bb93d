"""What it costs to make a day of choices unreadable, however many there are.

    python -m bench.day

A hundred thousand visitors choose on one day: their choices are sealed as the banner's post seals
them and put straight into moto, past the API. A month later the sweep and its worker end the day.
The peer deletes each choice; one is measured, and all cost the same.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any, cast

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.dynamo_type import Item as MotoItem

from bench.capacity import write_units
from bench.consent_office import another_container, policy_office
from bench.metering import Meter, own_client
from bench.table import Row, print_table, rows_beside
from bench.telling import Cost
from chalicelib.audit.entry import Actor
from chalicelib.cookies.models import Action, Choices, Preference
from chalicelib.cookies.store import PreferenceStore
from chalicelib.retention.schedule.text import ScheduleText, standard
from chalicelib.services import Services
from chalicelib.tables.codec import encode
from tests.contract.moto_tables import REGION
from tests.contract.retaining import LONG
from tests.contract.working import work
from tests.fakes import FixedClock

CHOICES = 100_000
SAMPLE = 100
SITE = "bench"
KEPT = timedelta(days=30)


def run() -> Iterator[Row]:
    """All rows; takes a minute."""
    with policy_office() as (services, clock):
        services.schedules.publish(Actor("operator", "bench"), _a_month())
        begun = clock.now()
        visitors, item = _fill(services)
        assert _readable(services, visitors) == SAMPLE
        clock.set(begun.replace(hour=0, minute=0) + timedelta(days=1) + KEPT)
        keys = _keys(services)
        others = another_container(services)
        meter = Meter(others.dynamodb, others.kms)
        ended = meter.take(partial(_end, others, clock))
        assert (_keys(services), _readable(services, visitors)) == (keys - 1, 0)
    each = Cost(calls=1, writes=write_units(item))
    bare, ours = each.times(CHOICES), Cost.of(ended)
    day = f"ending a day of {CHOICES:,} choices"
    yield from rows_beside(
        "a delete_item for each",
        (f"{day}: items deleted", 1, CHOICES, "items", "1"),
        (f"{day}: calls", ours.calls, bare.calls, "calls", "no target"),
        (f"{day}: writes, by size", ours.writes, bare.writes, "WCU", "no target"),
        (f"{day}: cost", ours.usd * 1e6, bare.usd * 1e6, "µUSD", "no target"),
    )


def _a_month() -> ScheduleText:
    """The standard schedule, but that choices go after 30 days."""
    document = json.loads(standard().canonical())
    (limit,) = [each for each in document["limits"] if each["id"] == "cookie_preferences"]
    limit["period"] = {"amount": KEPT.days, "unit": "days"}
    return ScheduleText.model_validate_json(json.dumps(document))


def _fill(services: Services) -> tuple[list[str], dict[str, Any]]:
    """Some of the visitors, and one of the items."""
    store = services.cookies._store
    table = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables[services.preferences.name]
    visitors, item = [], {}
    for _ in range(CHOICES):
        preference = _choice(services)
        visitors.append(preference.visitor_id)
        item = dict(encode(store._item(preference)))
        pk, sk = (DynamoType(cast("dict[str, Any]", item[name])) for name in ("pk", "sk"))
        table.items[pk][sk] = MotoItem(pk, sk, item)
    return visitors[:: CHOICES // SAMPLE], item


def _choice(services: Services) -> Preference:
    now, new = services.clock.now(), services.ids.new
    return Preference(
        record_id=new(),
        event_id=new(),
        visitor_id=new(),
        site=SITE,
        action=Action.ACCEPT_ALL,
        choices=Choices(performance=True, functional=True),
        notice_sha256=64 * "a",
        language="en",
        gpc_script=False,
        gpc_header=False,
        origin="https://bench.test",
        source="banner",
        banner_build="bench",
        occurred_at=now,
        recorded_at=now,
    )


def _readable(services: Services, visitors: list[str]) -> int:
    """How many of them somebody finds who comes anew."""
    fresh = another_container(services)
    store: PreferenceStore = fresh.cookies._store
    found = (store.history(SITE, each, consistent=True).recorded for each in visitors)
    return sum(map(bool, found))


def _keys(services: Services) -> int:
    answer = own_client("dynamodb").scan(TableName=services.keys.name, Select="COUNT")
    return int(answer["Count"])


def _end(services: Services, clock: FixedClock) -> None:
    services.sweep.run(lambda: LONG)
    work(services, clock)


if __name__ == "__main__":
    print_table(list(run()))

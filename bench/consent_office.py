"""The office that benchmarks of consents measure: on moto, with the policy published."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from unittest.mock import patch

from moto.dynamodb.models.table import Table as MotoTable

from bench.metering import own_client
from chalicelib.consents.asking import NOTICE
from chalicelib.consents.models import Channel, Decision, Evidence, Method
from chalicelib.services import Services
from chalicelib.tables.codec import Item, decode
from infra.policy_notice import publish_policy
from tests.contract.consenting import PURPOSE
from tests.contract.office import office
from tests.fakes import FixedClock

EVIDENCE = Evidence(Method.BUTTON, Channel.PRIVACY_OFFICE)


@contextmanager
def policy_office() -> Iterator[tuple[Services, FixedClock]]:
    """Services with the policy published."""
    clock = FixedClock()
    # moto copies all tables for each transaction, so that it can undo it; none is refused here.
    own_copy = patch.object(MotoTable, "__deepcopy__", lambda table, _: table, create=True)
    with own_copy, office(clock) as services:
        publish_policy(services)
        yield services, clock


def another_container(services: Services) -> Services:
    """Another container of the same deployment."""
    return Services(
        services.settings,
        clock=FixedClock(services.clock.now()),
        ids=services.ids,
        create_client=own_client,
    )


def new_people(services: Services, count: int) -> list[str]:
    """The ids of new people."""
    found: list[str] = []
    for number in range(count):
        subject_id, actions = services.subjects.having(f"person-{number}@example.test", "id")
        services.run_command(partial(list, actions))
        found.append(subject_id)
    return found


def decide(services: Services, subject_id: str, decision: Decision) -> None:
    shown = services.directory.in_force(NOTICE).sha256["id"]
    recorded = services.consents.decide(subject_id, PURPOSE, decision, (shown, "id"), EVIDENCE)
    assert recorded.created


def all_records(services: Services) -> Iterator[Item]:
    """Every item of the records table."""
    pages = own_client("dynamodb").get_paginator("scan")
    for page in pages.paginate(TableName=services.settings.records_table):
        yield from map(decode, page["Items"])

"""The stream between a choice and its digest, on the deployed stack: poison, outage, backfill.

The embedded AWS delivers in order and again after a failure, as Lambda does; it neither splits a
batch nor counts tries, so a batch that keeps failing would hold up this folder's other tests.
"""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from chalicelib.audit.archive import Archive
from chalicelib.audit.backfill import Backfill
from chalicelib.audit.collector import Collector
from chalicelib.audit.digests import digest_of_receipt
from chalicelib.clock import to_millis
from infra.local.deploy import STACK
from infra.local.stack import Stack
from tests.deployed.conftest import MakeChoice
from tests.deployed.test_preferences import post

MINUTES = 60_000  # ms


def held(stack: Stack) -> set[bytes]:
    """The digests that the last minutes brought into the audit table."""
    here = stack.services
    now = to_millis(here.clock.now())
    batches = Collector(here.records, here.audit).batches(now - 30 * MINUTES, now + 1)
    return {digest for batch in batches for digest in batch.digests}


def await_digest(stack: Stack, receipt: str) -> None:
    deadline = time.monotonic() + 30
    while digest_of_receipt(receipt) not in held(stack):
        assert time.monotonic() < deadline, "the digest never arrived"
        time.sleep(0.2)


@pytest.mark.parametrize(
    "poison", [{"NS": ["1", "2"]}, {"SS": ["x"]}, {"N": "1.5"}], ids=["NS", "SS", "fraction"]
)
def test_choices_behind_a_poisonous_item_still_arrive(
    stack: Stack, http: httpx.Client, choice: MakeChoice, fresh: str, poison: Any
) -> None:
    key = {"pk": {"S": f"SITE#jutsoo#VISITOR#{fresh}"}, "sk": {"S": "EVENT#poison"}}
    dynamodb = stack.session.client("dynamodb")
    before = post(http, choice()).json()["receipt"]
    dynamodb.put_item(TableName=stack.tables["preferences"], Item={**key, "n": poison})
    after = post(http, choice()).json()["receipt"]
    try:
        await_digest(stack, before)
        await_digest(stack, after)
    finally:
        dynamodb.delete_item(TableName=stack.tables["preferences"], Key=key)


@pytest.fixture
def digests_denied(stack: Stack) -> Callable[[], object]:
    """Takes the digests' function its right to write; calling the fixture gives it back."""
    iam = stack.session.client("iam")
    role = stack.session.client("cloudformation").describe_stack_resource(
        StackName=STACK, LogicalResourceId="DigestPreferencesRole"
    )["StackResourceDetail"]["PhysicalResourceId"]
    iam.put_role_policy(
        RoleName=role,
        PolicyName="outage",
        PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Deny",'
        '"Action":"dynamodb:PutItem","Resource":"*"}]}',
    )
    return lambda: iam.delete_role_policy(RoleName=role, PolicyName="outage")


def test_an_outage_loses_no_digest(
    stack: Stack,
    http: httpx.Client,
    choice: MakeChoice,
    digests_denied: Callable[[], object],
) -> None:
    try:
        receipt = post(http, choice()).json()["receipt"]
        time.sleep(5)  # several failed deliveries
        assert digest_of_receipt(receipt) not in held(stack)
    finally:
        digests_denied()
    await_digest(stack, receipt)


def test_the_backfill_finds_nothing_where_the_stream_is_well(
    stack: Stack, http: httpx.Client, choice: MakeChoice
) -> None:
    receipt = post(http, choice()).json()["receipt"]
    await_digest(stack, receipt)
    here = stack.services
    gap = Backfill(
        here.preferences,
        Archive(here.s3, here.settings.trail_bucket),
        Collector(here.records, here.audit),
        here.trail,
        here.digest_book,
        here.clock,
    ).find()
    assert gap.preferences >= 1
    assert digest_of_receipt(receipt) not in gap.missing

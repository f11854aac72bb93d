"""The keyring against DynamoDB and KMS: what it stores, how often it asks, what it forgets.

The functions take `clients` and nothing else from the provider, so that the same ones can run
against another implementation of AWS.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.ids import UlidFactory
from chalicelib.tables.keys import Key
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Check, transact
from chalicelib.vault.errors import KeyDestroyed, SealBroken
from chalicelib.vault.keyring import Keyring
from chalicelib.vault.keys import Scope
from chalicelib.vault.kms import Branch, KeyService
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault
from tests.fakes import START, FixedClock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient

REGION = "ap-southeast-3"
BUDI = Scope.person("01JAGA00000000000000000001")
DAY = Scope.visitors("jutsoo", date(2026, 11, 23))
CONTEXT = SealContext("records", "PERSON#1", "PROFILE", "person", 1)


@dataclass
class Clients:
    """Two AWS clients, the deployed names, and every call that went out."""

    dynamodb: "DynamoDBClient"
    kms: "KMSClient"
    keys: str
    records: str
    key_arn: str
    calls: Counter[str] = field(default_factory=Counter)

    def watch(self) -> None:
        for client in (self.dynamodb, self.kms):
            client.meta.events.register("before-call", self._count)

    def _count(self, model: Any, **_: object) -> None:
        self.calls[model.name] += 1


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name=REGION)
        for name in ("t-keys", "t-records"):
            dynamodb.create_table(
                TableName=name,
                KeySchema=[
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
                AttributeDefinitions=[
                    {"AttributeName": "pk", "AttributeType": "S"},
                    {"AttributeName": "sk", "AttributeType": "S"},
                ],
                BillingMode="PAY_PER_REQUEST",
            )
        kms = boto3.client("kms", region_name=REGION)
        arn = kms.create_key()["KeyMetadata"]["Arn"]
        made = Clients(dynamodb, kms, "t-keys", "t-records", arn)
        made.watch()
        yield made


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


class Container:
    """One Lambda container: its own keyring and caches over the shared tables."""

    def __init__(self, clients: Clients, clock: FixedClock, *, stage: str = "test") -> None:
        self.keys = Table(clients.dynamodb, "keys", clients.keys)
        self.records = Table(clients.dynamodb, "records", clients.records)
        self.kms = KeyService(clients.kms, clients.key_arn, stage)
        self.keyring = Keyring(
            self.keys, self.records, self.kms, clock, UlidFactory(clock), sleep=lambda _: None
        )
        self.vault = Vault(self.keyring)

    def destroy(self, scope: Scope) -> None:
        transact(self.keys.client, self.keyring.destroy_actions(scope))
        self.keyring.forget(scope)


def test_what_one_container_seals_another_opens(clients: Clients, clock: FixedClock) -> None:
    sealed = Container(clients, clock).vault.seal(BUDI, CONTEXT, b"hello")
    assert Container(clients, clock).vault.open(BUDI, CONTEXT, sealed) == b"hello"


def test_a_cold_seal_of_the_very_first_scope(clients: Clients, clock: FixedClock) -> None:
    Container(clients, clock).vault.seal(BUDI, CONTEXT, b"hello")
    assert clients.calls == {
        "GetItem": 1,  # is there a key?
        "Query": 1,  # is there a branch?
        "GenerateDataKey": 1,
        "PutItem": 1,  # the branch
        "TransactWriteItems": 1,  # the key, if nobody made it and the scope was never destroyed
    }


def test_a_hot_seal_and_a_hot_open_call_nobody(clients: Clients, clock: FixedClock) -> None:
    vault = Container(clients, clock).vault
    sealed = vault.seal(BUDI, CONTEXT, b"hello")
    clients.calls.clear()
    for _ in range(10):
        assert vault.open(BUDI, CONTEXT, sealed) == b"hello"
        vault.seal(BUDI, CONTEXT, b"again")
    assert clients.calls == {}

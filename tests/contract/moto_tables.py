"""The four tables in moto, with clients that threads may share."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import boto3
from moto import mock_aws

from chalicelib.services import Services
from chalicelib.tables.table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

REGION: Final = "ap-southeast-3"
BUCKET = "jaga-trail"
EXPORTS = "jaga-exports"
ARCHIVE = "jaga-archive"
SESSION: Final = boto3.Session("test", "test", region_name=REGION)
"""Shared, because it keeps the service models that it loaded: 0.3 s for each fresh one."""


def another_container(services: Services) -> Services:
    """One of the same deployment that remembers nothing yet."""
    return Services(
        services.settings, clock=services.clock, ids=services.ids, create_client=SESSION.client
    )


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables by their logical names, and the buckets: write-once, of exports, the archive."""

    records: Table
    preferences: Table
    audit: Table
    keys: Table
    s3: "S3Client"
    bucket: str
    exports: str = EXPORTS
    archive: str = ARCHIVE


class OneCallAtATime:
    """A client whose calls exclude each other.

    moto undoes a refused transaction by putting back a copy of all tables, other threads' writes
    included. Each call of the real service is atomic; this makes moto's so. Between two calls
    threads interleave as they like, and that is where races are.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()
        self.exceptions = client.exceptions

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._client, name)

        def exclusive(**parameters: Any) -> Any:
            with self._lock:
                return call(**parameters)

        return exclusive


def share_among_threads(services: Services) -> None:
    """From now on threads may share the services' tables."""
    services.dynamodb = cast("DynamoDBClient", OneCallAtATime(services.dynamodb))
    for table in (services.records, services.preferences, services.audit, services.keys):
        table.client = services.dynamodb


@contextmanager
def moto_tables() -> Iterator[Tables]:
    """Fresh, empty tables and an empty bucket, gone at the end."""
    with mock_aws():
        dynamodb = cast("DynamoDBClient", OneCallAtATime(SESSION.client("dynamodb")))
        s3 = SESSION.client("s3")
        for bucket in (BUCKET, EXPORTS):
            s3.create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
            )
        s3.create_bucket(
            Bucket=ARCHIVE,
            CreateBucketConfiguration={"LocationConstraint": REGION},
            ObjectLockEnabledForBucket=True,
        )
        yield Tables(
            _create(dynamodb, "records"),
            _create(dynamodb, "preferences"),
            _create(dynamodb, "audit"),
            _create(dynamodb, "keys"),
            cast("S3Client", OneCallAtATime(s3)),
            BUCKET,
        )


def _create(client: "DynamoDBClient", logical: str) -> Table:
    indexed = ["due_pk", "due_sk", "client_pk"] if logical == "records" else []
    strings = ["pk", "sk", *indexed]
    index: Any = {
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "due",
                "KeySchema": [
                    {"AttributeName": "due_pk", "KeyType": "HASH"},
                    {"AttributeName": "due_sk", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
            {
                "IndexName": "client",
                "KeySchema": [
                    {"AttributeName": "client_pk", "KeyType": "HASH"},
                    {"AttributeName": "pk", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
        ]
    }
    client.create_table(
        TableName=f"jaga-{logical}",
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in strings],
        BillingMode="PAY_PER_REQUEST",
        **(index if logical == "records" else {}),
    )
    return Table(client, logical, f"jaga-{logical}")

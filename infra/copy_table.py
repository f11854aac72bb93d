"""Makes a DynamoDB table what another one is.

    python -m infra.copy_table RESTORED TABLE

DynamoDB restores a backup into a new table. This takes what it has into the table that the stack
has: what is missing or another is put, what is not in RESTORED is deleted, and what is the same is
left alone, so that the streams speak of differences only. May be repeated. TABLE is made, like
RESTORED, where there is none: that is how a copy is kept of a table for later.

Nobody may write to TABLE meanwhile. After `records` or `keys` were restored run
`python -m chalicelib.retention replay --do` before anybody is served (docs/restoring.md).
"""

import argparse
import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from boto3.dynamodb.table import BatchWriter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_DESCRIBED = ("KeySchema", "AttributeDefinitions")
_OF_INDEX = ("IndexName", "KeySchema", "Projection")


@dataclass(frozen=True, slots=True)
class Differences:
    """How many items were put and deleted."""

    put: int
    deleted: int


def copy_table(dynamodb: "DynamoDBClient", source: str, target: str) -> Differences:
    """Makes `target` what `source` is. Holds a digest of each item of `target` in memory."""
    try:
        there = {_key(item): _digest(item) for item in _items(dynamodb, target)}
    except dynamodb.exceptions.ResourceNotFoundException:
        _make_like(dynamodb, source, target)
        there = {}
    put = 0
    with BatchWriter(target, dynamodb) as batch:
        for item in _items(dynamodb, source):
            if there.pop(_key(item), None) != _digest(item):
                batch.put_item(item)
                put += 1
        for pk, sk in there:
            batch.delete_item({"pk": {"S": pk}, "sk": {"S": sk}})
    return Differences(put, len(there))


def _make_like(dynamodb: "DynamoDBClient", source: str, target: str) -> None:
    described: Mapping[str, Any] = dynamodb.describe_table(TableName=source)["Table"]
    alike: dict[str, Any] = {name: described[name] for name in _DESCRIBED}
    if indexes := described.get("GlobalSecondaryIndexes"):
        alike["GlobalSecondaryIndexes"] = [
            {name: index[name] for name in _OF_INDEX} for index in indexes
        ]
    if key := described.get("SSEDescription", {}).get("KMSMasterKeyArn"):
        alike["SSESpecification"] = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    dynamodb.create_table(TableName=target, BillingMode="PAY_PER_REQUEST", **alike)
    dynamodb.get_waiter("table_exists").wait(TableName=target)


def _items(dynamodb: "DynamoDBClient", table: str) -> Iterator[dict[str, Any]]:
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def _key(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def _digest(item: Mapping[str, Any]) -> bytes:
    text = json.dumps(item, sort_keys=True, default=lambda value: base64.b64encode(value).decode())
    return hashlib.sha256(text.encode()).digest()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("source", metavar="RESTORED")
    parser.add_argument("target", metavar="TABLE")
    arguments = parser.parse_args()
    done = copy_table(boto3.client("dynamodb"), arguments.source, arguments.target)
    print(f"{done.put} put, {done.deleted} deleted")


if __name__ == "__main__":
    main()

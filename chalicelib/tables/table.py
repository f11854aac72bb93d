"""One DynamoDB table: the reads and the single writes that stores need."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.errors import Unavailable
from chalicelib.tables.codec import Item, Value, decode, encode
from chalicelib.tables.conditions import ABSENT, Condition
from chalicelib.tables.keys import Key
from chalicelib.tables.updates import Changes, update_request

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BATCH_GET_LIMIT = 100
_BATCH_GET_ATTEMPTS = 5
_BATCH_GET_PAUSE_SECONDS = 0.02  # doubled each time: half a second in all


class ReadIncomplete(Unavailable):
    """DynamoDB kept returning unprocessed keys: throttled."""

    code = "read_incomplete"


@dataclass(frozen=True, slots=True)
class Page:
    """Items of one query page and the key to go on from, None at the end."""

    items: list[Item]
    last: Key | None


class Table:
    """A table by its logical name (`records`) and its deployed name."""

    def __init__(self, client: "DynamoDBClient", logical: str, name: str) -> None:
        self.client = client
        self.logical = logical
        self.name = name

    def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        """The item, or None. Half a read unit per 4 KB, a whole one when `consistent`."""
        answer = self.client.get_item(
            TableName=self.name, Key=encode(key_of(key)), ConsistentRead=consistent
        )
        return decode(answer["Item"]) if "Item" in answer else None

    def batch_get(self, keys: Iterable[Key], *, consistent: bool = False) -> dict[Key, Item]:
        """The items that exist, by key, in one round trip per 100. Raises `ReadIncomplete`."""
        found: dict[Key, Item] = {}
        for chunk in batched(dict.fromkeys(keys), _BATCH_GET_LIMIT, strict=False):
            for item in self._batch_get(chunk, consistent=consistent):
                found[Key(str(item["pk"]), str(item["sk"]))] = item
        return found

    def put_new(self, item: Item) -> Item | None:
        """Stores `item` unless its key is taken; returns the item that stands there, else None.

        One conditional PutItem. The loser of a race learns what the winner stored without a read.
        """
        try:
            self.client.put_item(
                TableName=self.name,
                Item=encode(item),
                ConditionExpression=ABSENT.expression,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return decode(refusal.response["Item"])  # type: ignore[typeddict-item]  # the stubs omit what ALL_OLD adds
        return None

    def update(
        self,
        key: Key,
        condition: Condition,
        *,
        put: Mapping[str, Value] | None = None,
        keep: Mapping[str, Value] | None = None,
        add: Mapping[str, int] | None = None,
        remove: Sequence[str] = (),
    ) -> Item | None:
        """Sets the attributes `put`, those of `keep` that are missing, adds `add` to numbers, and
        takes `remove` away.

        Returns the item as it is then; None, and nothing changed, when `condition` does not hold.
        One UpdateItem; where the condition allows it, an item that is not there is made.
        """
        changes = Changes(put or {}, keep or {}, add or {}, remove)
        try:
            answer = self.client.update_item(
                TableName=self.name,
                Key=encode(key_of(key)),
                ReturnValues="ALL_NEW",
                **update_request(changes, condition),
            )
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return None
        return decode(answer["Attributes"])

    def query(
        self,
        pk: str,
        *,
        sk_from: str | None = None,
        sk_to: str | None = None,
        limit: int | None = None,
        start: Key | None = None,
        newest_first: bool = False,
        consistent: bool = False,
    ) -> Page:
        """One page of the partition `pk`, `sk` between `sk_from` and `sk_to` inclusive.

        `limit` counts items; a page ends at 1 MB anyway. `start` is an earlier page's `last`.
        """
        parameters: dict[str, Any] = {
            "KeyConditionExpression": "pk = :pk" + _range_condition(sk_from, sk_to),
            "ExpressionAttributeValues": encode(
                {":pk": pk}
                | ({":from": sk_from} if sk_from is not None else {})
                | ({":to": sk_to} if sk_to is not None else {})
            ),
            "ScanIndexForward": not newest_first,
            "ConsistentRead": consistent,
        }
        if limit is not None:
            parameters["Limit"] = limit
        if start is not None:
            parameters["ExclusiveStartKey"] = encode(key_of(start))
        answer = self.client.query(TableName=self.name, **parameters)
        last = answer.get("LastEvaluatedKey")
        return Page(
            [decode(item) for item in answer["Items"]],
            _key_from(decode(last)) if last else None,
        )

    def query_all(
        self, pk: str, *, sk_from: str | None = None, consistent: bool = False
    ) -> Iterator[Item]:
        """Every item of the partition in key order, page by page."""
        start: Key | None = None
        while True:
            page = self.query(pk, sk_from=sk_from, start=start, consistent=consistent)
            yield from page.items
            if page.last is None:
                return
            start = page.last

    def due(self, bucket: str, *, before: str | None = None) -> Iterator[Key]:
        """Primary keys of the items that the sparse index `due` lists under `bucket`, in its order.

        `before` leaves out what is listed there or later: it is neither read nor paid for. Pages
        are read as the answer is consumed.
        """
        bound = "" if before is None else " AND due_sk < :before"
        values = {":bucket": bucket} | ({} if before is None else {":before": before})
        start: dict[str, Any] = {}
        while True:
            answer = self.client.query(
                TableName=self.name,
                IndexName="due",
                KeyConditionExpression="due_pk = :bucket" + bound,
                ExpressionAttributeValues=encode(values),
                **start,
            )
            for item in answer["Items"]:
                yield _key_from(decode(item))
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def due_after(self, bucket: str, after: str, limit: int) -> list[Key]:
        """Up to `limit` keys that the index `due` lists under `bucket` behind the place `after`."""
        answer = self.client.query(
            TableName=self.name,
            IndexName="due",
            KeyConditionExpression="due_pk = :bucket AND due_sk > :after",
            ExpressionAttributeValues=encode({":bucket": bucket, ":after": after}),
            Limit=limit,
        )
        return [_key_from(decode(item)) for item in answer["Items"]]

    def due_place(self, bucket: str, limit: int, after: str | None) -> tuple[list[Key], str | None]:
        """`limit` keys that the index `due` lists under `bucket` behind the place `after`, and the
        place of the last one; None at the end.

        Places must be apart: no two items may share a `due_sk`.
        """
        bound = "" if after is None else " AND due_sk > :after"
        values = {":bucket": bucket} | ({} if after is None else {":after": after})
        answer = self.client.query(
            TableName=self.name,
            IndexName="due",
            KeyConditionExpression="due_pk = :bucket" + bound,
            ExpressionAttributeValues=encode(values),
            Limit=limit,
        )
        items = [decode(item) for item in answer["Items"]]
        last = str(items[-1]["due_sk"]) if items and "LastEvaluatedKey" in answer else None
        return [_key_from(item) for item in items], last

    def index_page(self, index: str, value: str, after: str, limit: int) -> list[Key]:
        """`limit` keys of items that the index `index` lists under `value`, by their `pk`, those
        behind the `pk` `after`. The index's hash key is called `<index>_pk`."""
        answer = self.client.query(
            TableName=self.name,
            IndexName=index,
            KeyConditionExpression="#at = :value AND pk > :after",
            ExpressionAttributeNames={"#at": f"{index}_pk"},
            ExpressionAttributeValues=encode({":value": value, ":after": after}),
            Limit=limit,
        )
        return [_key_from(decode(item)) for item in answer["Items"]]

    def due_page(self, bucket: str, limit: int, start: Key | None) -> tuple[list[Key], Key | None]:
        """`limit` keys that the index `due` lists under `bucket` after `start`, in its order.

        And where to go on from, a place in the index: its `pk` is that of the item, its `sk` the
        item's and the place's, apart by a blank.
        """
        after: dict[str, Any] = {}
        if start is not None:
            sk, _, due_sk = start.sk.partition(" ")
            place = {"pk": start.pk, "sk": sk, "due_pk": bucket, "due_sk": due_sk}
            after = {"ExclusiveStartKey": encode(place)}
        answer = self.client.query(
            TableName=self.name,
            IndexName="due",
            KeyConditionExpression="due_pk = :bucket",
            ExpressionAttributeValues=encode({":bucket": bucket}),
            Limit=limit,
            **after,
        )
        keys = [_key_from(decode(item)) for item in answer["Items"]]
        if "LastEvaluatedKey" not in answer:
            return keys, None
        last = decode(answer["LastEvaluatedKey"])
        return keys, Key(str(last["pk"]), " ".join((str(last["sk"]), str(last["due_sk"]))))

    def _batch_get(self, keys: Iterable[Key], *, consistent: bool) -> Iterator[Item]:
        pending: Any = [encode(key_of(key)) for key in keys]
        for attempt in range(_BATCH_GET_ATTEMPTS):
            if attempt:
                time.sleep(_BATCH_GET_PAUSE_SECONDS * 2**attempt)
            answer = self.client.batch_get_item(
                RequestItems={self.name: {"Keys": pending, "ConsistentRead": consistent}}
            )
            yield from map(decode, answer["Responses"].get(self.name, []))
            unprocessed = answer["UnprocessedKeys"]
            if self.name not in unprocessed:
                return
            pending = unprocessed[self.name]["Keys"]
        raise ReadIncomplete


def key_of(key: Key) -> Item:
    """The two key attributes of `key`."""
    return {"pk": key.pk, "sk": key.sk}


def _key_from(item: Item) -> Key:
    return Key(str(item["pk"]), str(item["sk"]))


def _range_condition(sk_from: str | None, sk_to: str | None) -> str:
    match sk_from, sk_to:
        case None, None:
            return ""
        case _, None:
            return " AND sk >= :from"
        case None, _:
            return " AND sk <= :to"
    return " AND sk BETWEEN :from AND :to"

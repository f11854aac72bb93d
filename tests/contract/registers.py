"""The register of `tests/maps.py` in a table or a bucket, and a legal hold on its records."""

import json
from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.connectors.disposals import Guard
from chalicelib.connectors.dynamodb import DynamoDbStore
from chalicelib.connectors.dynamodb_items import attribute_for, row_of
from chalicelib.connectors.s3 import S3Store
from chalicelib.connectors.stored_place import StoredPlace
from chalicelib.errors import Conflict
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT
from chalicelib.tables.keys import Key
from chalicelib.tables.transactions import Check, Put, transact
from tests.contract.moto_tables import REGION, Tables
from tests.fakes import FixedClock
from tests.maps import register

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

type Row = dict[str, Any]

BUCKET = "register"
GUESTS: list[Row] = [
    {"id": 1, "name": "Siti", "born": "1990-05-17", "city": "Surabaya", "room": 12},
    {"id": 2, "name": "Ani", "born": "1990-01-30", "city": "Surakarta", "room": 7},
    {"id": 3, "name": "Budi", "born": "1990-11-02", "city": "Surabaya", "room": 7},
    {"id": 4, "name": "Dewi", "born": "1971-08-17", "city": "Surabaya", "room": 1},
]
CALLS: list[Row] = [
    {"id": 1, "phone": "0811", "seconds": 75, "note": "about the room"},
    {"id": 2, "phone": "0811", "seconds": 5, "note": "again"},
    {"id": 3, "phone": "0822", "seconds": 900, "note": "breakfast"},
]


class Held(Conflict):
    """A legal hold is on the record."""

    code = "held"


class Register(Protocol):
    """Its rows, past the connectors, and the place."""

    kind: str
    write: str
    client: Any

    def put(self, collection: str, *rows: Row) -> None: ...

    def rows(self, collection: str) -> list[Row]: ...

    def place(self, client: Any = None) -> StoredPlace: ...


class TableRegister:
    kind = "dynamodb"
    write = "transact_write_items"

    def __init__(self, client: "DynamoDBClient") -> None:
        self.client = client
        for name in ("guests", "calls"):
            client.create_table(
                TableName=f"register-{name}",
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
                BillingMode="PAY_PER_REQUEST",
            )

    def put(self, collection: str, *rows: Row) -> None:
        for row in rows:
            item = {name: attribute_for(value, None) for name, value in row.items()}
            self.client.put_item(TableName=f"register-{collection}", Item=item)

    def rows(self, collection: str) -> list[Row]:
        items = self.client.scan(TableName=f"register-{collection}")["Items"]
        return sorted(map(row_of, items), key=lambda row: str(row["id"]))

    def place(self, client: Any = None) -> StoredPlace:
        store = DynamoDbStore(client or self.client, sleep=lambda _seconds: None)
        return StoredPlace(register(self.kind), store, dict, FixedClock())


class BucketRegister:
    kind = "s3"
    write = "put_object"

    def __init__(self, client: "S3Client", *, versions: bool = False) -> None:
        self.client = client
        client.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        if versions:
            client.put_bucket_versioning(
                Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
            )

    def put(self, collection: str, *rows: Row) -> None:
        """Rows of the same id go."""
        key = f"{collection}/1.ndjson"
        listed = self.client.list_objects_v2(Bucket=BUCKET, Prefix=key)
        there = self.rows(collection) if listed["KeyCount"] else []
        all_rows = {row["id"]: row for row in [*there, *rows]}
        body = "".join(f"{json.dumps(row)}\n" for row in all_rows.values())
        self.client.put_object(Bucket=BUCKET, Key=key, Body=body.encode())

    def rows(self, collection: str) -> list[Row]:
        """Without the fields that are emptied."""
        body = self.client.get_object(Bucket=BUCKET, Key=f"{collection}/1.ndjson")["Body"]
        rows = map(json.loads, body.read().splitlines())
        return [{k: v for k, v in row.items() if v is not None} for row in rows]

    def versions(self) -> int:
        return len(self.client.list_object_versions(Bucket=BUCKET)["Versions"])

    def place(self, client: Any = None) -> StoredPlace:
        store = S3Store(client or self.client, BUCKET)
        return StoredPlace(register(self.kind), store, dict, FixedClock())


def guard(tables: Tables, reference: str = "1") -> Guard:
    """No legal hold is on the record."""
    return [Check(tables.records, Key(f"HOLD#{reference}", "HOLD"), ABSENT, Held)]


def hold(tables: Tables, reference: str = "1") -> None:
    """Puts one on it."""
    item: Item = {"pk": f"HOLD#{reference}", "sk": "HOLD"}
    transact(tables.records.client, [Put(tables.records, item)])

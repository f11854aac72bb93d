"""The shop of `tests/maps.py` in tables and a bucket, with two customers in it."""

import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.audit.entry import Actor
from chalicelib.connectors.dynamodb_items import row_of
from chalicelib.connectors.places import Seeds
from chalicelib.services import Services
from tests.contract.moto_tables import REGION, SESSION
from tests.maps import BOTH

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

SITI, ANI = "siti.rahma@example.test", "ani@example.test"
BUCKET = "shop-logs"
DPO = Actor("staff", "01JDPO")
BY_ADDRESS = Seeds({"customers.email": (SITI,), "tickets.from": (SITI,)})

CUSTOMERS = [
    {"id": {"S": "c1"}, "email": {"S": SITI}, "name": {"S": "Siti"}, "logins": {"N": "7"}},
    {"id": {"S": "c2"}, "email": {"S": ANI}, "name": {"S": "Ani"}, "logins": {"N": "2"}},
]
ORDERS = [
    {
        "customer_id": {"S": customer},
        "number": {"N": str(number)},
        "total": {"N": "99.5"},
        "paid_on": {"S": paid_on},
        "address_id": {"S": f"a-{customer}"},
        "note": {"S": "leave it with the guard"},
        "codes": {"SS": ["x", "y"]},
    }
    for customer, number, paid_on in (
        ("c1", 1, "2012-05-01"),
        ("c1", 2, "2025-05-01"),
        ("c2", 1, "2025-05-01"),
    )
]
ADDRESSES = [
    {
        "id": {"S": f"a-{customer}"},
        "street": {"S": "Jl. Melati 1"},
        "people": {"L": [{"M": {"name": {"S": "Budi"}, "tags": {"SS": ["door"]}}}]},
    }
    for customer in ("c1", "c2")
]
TICKETS = [
    {"id": {"S": "t1"}, "from": {"S": SITI}, "text": {"S": "Where is it?"}},
    {"id": {"S": "t2"}, "from": {"S": ANI}, "text": {"S": "Thank you"}},
]
VISITS = [{"customer_id": f"c{1 + n % 2}", "ip": f"192.0.2.{n}", "at": n} for n in range(6)]
MAILS = f'to,name,sent\n{SITI},"Rahma, Siti",1\n{ANI},Ani,2\n'


@dataclass(frozen=True, slots=True)
class Shop:
    """Its stores, seen past the connectors."""

    dynamodb: "DynamoDBClient"
    s3: "S3Client"

    def rows(self, table: str) -> list[dict[str, Any]]:
        return [row_of(each) for each in self.items(table)]

    def items(self, table: str) -> list[Any]:
        found = self.dynamodb.scan(TableName=f"shop-{table}")["Items"]
        return sorted(found, key=str)

    def put(self, table: str, item: Any) -> None:
        self.dynamodb.put_item(TableName=f"shop-{table}", Item=item)

    def visits(self, key: str = "visits/1.ndjson.gz", **version: Any) -> list[dict[str, Any]]:
        body = self.s3.get_object(Bucket=BUCKET, Key=key, **version)["Body"].read()
        text = gzip.decompress(body) if key.endswith(".gz") else body
        return [json.loads(line) for line in text.splitlines()]

    def mails(self) -> str:
        return self.s3.get_object(Bucket=BUCKET, Key="mails/1.csv")["Body"].read().decode()


def open_shop(services: Services, text: str = BOTH, *, versions: bool = False) -> Shop:
    """Makes and fills its stores and publishes its data map."""
    shop = Shop(SESSION.client("dynamodb"), SESSION.client("s3"))
    _create(shop, "customers", ("id", "S"), email="by-email")
    _create(shop, "orders", ("customer_id", "S"), ("number", "N"))
    _create(shop, "addresses", ("id", "S"))
    _create(shop, "tickets", ("id", "S"))
    for table, items in (
        ("customers", CUSTOMERS),
        ("orders", ORDERS),
        ("addresses", ADDRESSES),
        ("tickets", TICKETS),
    ):
        for item in items:
            shop.put(table, item)
    shop.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    if versions:
        shop.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    lines = "".join(f"{json.dumps(each)}\n" for each in VISITS).encode()
    shop.s3.put_object(Bucket=BUCKET, Key="visits/1.ndjson.gz", Body=gzip.compress(lines))
    shop.s3.put_object(
        Bucket=BUCKET, Key="visits/2.ndjson", Body=b'{"customer_id": "c2"}\n', Metadata={"a": "b"}
    )
    shop.s3.put_object(Bucket=BUCKET, Key="mails/1.csv", Body=MAILS.encode())
    services.data_maps.publish(DPO, text)
    return shop


def _create(shop: Shop, table: str, *key: tuple[str, str], **indexes: str) -> None:
    attributes = {**dict(key), **dict.fromkeys(indexes, "S")}
    listed: Any = [
        {
            "IndexName": name,
            "KeySchema": [{"AttributeName": field, "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
        for field, name in indexes.items()
    ]
    kinds = ("HASH", "RANGE")
    schema: Any = [
        {"AttributeName": name, "KeyType": kind}
        for (name, _), kind in zip(key, kinds, strict=False)
    ]
    defined: Any = [
        {"AttributeName": name, "AttributeType": type_} for name, type_ in attributes.items()
    ]
    shop.dynamodb.create_table(
        TableName=f"shop-{table}",
        KeySchema=schema,
        AttributeDefinitions=defined,
        BillingMode="PAY_PER_REQUEST",
        **({"GlobalSecondaryIndexes": listed} if listed else {}),
    )

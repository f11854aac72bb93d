"""The platform's tables: companies, authorised users, bank accounts, credentials and logins.

The data map in infra/sites/jutsoo-platform.yml says what they hold.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3

from infra.local.aws import ACCOUNT, REGION
from infra.local.platform.people import COMPANIES, USERS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLES: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "jutsoo-companies": (("company_id",), {}),
    "jutsoo-users": (("user_id",), {"email": "by-email"}),
    "jutsoo-bank-accounts": (("company_id", "account_number"), {"added_by": "by-user"}),
    "jutsoo-credentials": (("user_id",), {}),
    "jutsoo-logins": (("user_id", "at"), {}),
}
"""Each table's key, and the field that each of its indexes is of. All key fields are strings."""

_LOGINS = 20


def table_arns() -> str:
    """The ARNs of tables and indexes, as the stack's parameter wants them."""
    arns = []
    for table, (_, indexes) in TABLES.items():
        arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"
        arns += [arn, *(f"{arn}/index/{index}" for index in indexes.values())]
    return ",".join(arns)


def make_tables(session: boto3.Session) -> None:
    """Makes the tables that are not there yet."""
    dynamodb: DynamoDBClient = session.client("dynamodb")
    existing = set(dynamodb.list_tables()["TableNames"])
    for table, (key, indexes) in TABLES.items():
        if table not in existing:
            _make(dynamodb, table, key, indexes)


def fill_tables(session: boto3.Session) -> None:
    """Puts everybody's rows in; rows that are there already are put again as they were."""
    dynamodb: DynamoDBClient = session.client("dynamodb")
    for table, item in _items():
        dynamodb.put_item(
            TableName=table, Item={name: {"S": value} for name, value in item.items()}
        )


def _make(
    dynamodb: "DynamoDBClient", table: str, key: tuple[str, ...], indexes: dict[str, str]
) -> None:
    schema: Any = [
        {"AttributeName": name, "KeyType": kind}
        for name, kind in zip(key, ("HASH", "RANGE"), strict=False)
    ]
    listed: Any = [
        {
            "IndexName": index,
            "KeySchema": [{"AttributeName": field, "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
        for field, index in indexes.items()
    ]
    dynamodb.create_table(
        TableName=table,
        KeySchema=schema,
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in (*key, *indexes)
        ],
        BillingMode="PAY_PER_REQUEST",
        **({"GlobalSecondaryIndexes": listed} if listed else {}),
    )


def _items() -> Iterator[tuple[str, dict[str, str]]]:
    for company in COMPANIES:
        yield (
            "jutsoo-companies",
            {
                "company_id": company.company_id,
                "name": company.name,
                "registration": company.registration,
                "address": company.address,
            },
        )
    for place, user in enumerate(USERS, start=1):
        yield (
            "jutsoo-users",
            {
                "user_id": user.user_id,
                "email": user.email,
                "company_id": user.company_id,
                "name": user.name,
                "title": user.title,
                "phone": f"+62 21 5550 {place:04}",
                "since": "2023-02-01",
            },
        )
        yield (
            "jutsoo-credentials",
            {
                "user_id": user.user_id,
                "password_hash": f"argon2id-of-{user.user_id}",
                "authenticator": f"sealed-secret-of-{user.user_id}",
            },
        )
        # One that was closed before the ten years of the tax law, and one that is in use.
        for turn, closed_on in enumerate(("2014-06-30", "")):
            account = {
                "company_id": user.company_id,
                "account_number": f"{70_000_000 + 10 * place + turn}",
                "bank": "Bank Contoh",
                "holder": user.name,
                "added_by": user.user_id,
                "note": f"Ask {user.name.split()[0]} before using it",
            }
            yield "jutsoo-bank-accounts", account | ({"closed_on": closed_on} if closed_on else {})
        for turn in range(_LOGINS):
            login = {
                "user_id": user.user_id,
                "at": f"2026-11-{turn + 1:02}T08:{place:02}:00Z",
                "ip": f"203.0.113.{place}",
                "device": "Firefox on Linux",
            }
            yield "jutsoo-logins", login

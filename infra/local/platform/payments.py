"""The platform's payments, in PostgreSQL: ordered by one authorised user, approved by another.

Each user ordered one payment that the tax law wants kept no more, and two that it does; the data
map in infra/sites/jutsoo-payments.yml says so.
"""

from collections.abc import Iterator, Mapping, Sequence

import boto3

from chalicelib.connectors.sql.client import STATEMENT_CONFIG, DataApi, Database, Statement
from infra.local.platform.database import CLUSTER_ARN, SECRET
from infra.local.platform.people import User

DATABASE = "platform"
_PAYMENTS = """
CREATE TABLE payments (
    payment_id  bigint PRIMARY KEY,
    company_id  text NOT NULL,
    ordered_by  text NOT NULL,
    payee_name  text NOT NULL,
    payee_account text NOT NULL,
    amount      numeric(20, 2) NOT NULL,
    currency    char(3) NOT NULL,
    paid_on     date NOT NULL,
    note        text,
    labels      text[] NOT NULL DEFAULT '{}',
    restricted  boolean NOT NULL DEFAULT false
)"""
_APPROVALS = """
CREATE TABLE payment_approvals (
    payment_id  bigint REFERENCES payments ON DELETE CASCADE,
    user_id     text,
    approved_at timestamptz NOT NULL,
    ip_address  inet,
    device      jsonb,
    restricted  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (payment_id, user_id)
)"""
_INDEXES = (
    "CREATE INDEX payments_ordered_by ON payments (ordered_by)",
    "CREATE INDEX payment_approvals_user_id ON payment_approvals (user_id)",
)
_PAY = """
INSERT INTO payments (payment_id, company_id, ordered_by, payee_name, payee_account, amount,
                      currency, paid_on, note, labels)
VALUES (CAST(:number AS bigint), :company, :by, :payee, :account, CAST(:amount AS numeric),
        'IDR', CAST(:day AS date), :note, ARRAY['supplier', 'monthly'])"""
_APPROVE = """
INSERT INTO payment_approvals (payment_id, user_id, approved_at, ip_address, device)
VALUES (CAST(:number AS bigint), :by, CAST(:at AS timestamptz), CAST('203.0.113.9' AS inet),
        CAST('{"browser": "Firefox", "os": "Linux"}' AS jsonb))"""
_DAYS = ("2014-03-10", "2025-06-30", "2026-02-27")


def fill_payments(session: boto3.Session, users: Sequence[User]) -> None:
    """Makes the database, and its tables with the payments of these users.

    Tables that are there stay as they are: who was erased does not come back with a restart.
    """
    client = session.client("rds-data", config=STATEMENT_CONFIG)
    maintenance = DataApi(client, Database(CLUSTER_ARN, SECRET, "postgres"))
    exists = Statement(
        "SELECT datname::text FROM pg_database WHERE datname = :p0", {"p0": DATABASE}
    )
    if not maintenance.run(exists):
        maintenance.run(Statement(f"CREATE DATABASE {DATABASE}"))
    api = DataApi(client, Database(CLUSTER_ARN, SECRET, DATABASE))
    if api.run(Statement("SELECT coalesce(to_regclass('payments')::text, '')")) != [[""]]:
        return
    with api.transaction() as transaction:
        for text in (_PAYMENTS, _APPROVALS, *_INDEXES):
            api.run(Statement(text), transaction)
        api.run_each(_PAY, list(_payments(users)), transaction)
        api.run_each(_APPROVE, list(_approvals(users)), transaction)


def _payments(users: Sequence[User]) -> Iterator[Mapping[str, str]]:
    for place, user in enumerate(users):
        for number, day in _numbered(place):
            yield {
                "number": str(number),
                "company": user.company_id,
                "by": user.user_id,
                "payee": f"Supplier {number}",
                "account": f"{1_200_000_000 + number}",
                "amount": f"{1_500_000 + 1000 * number}.50",
                "day": day,
                "note": f"Ordered by phone, call back user {place + 1}",
            }


def _approvals(users: Sequence[User]) -> Iterator[Mapping[str, str]]:
    for place, user in enumerate(users):
        colleagues = [each for each in users if each.company_id == user.company_id]
        other = colleagues[(colleagues.index(user) + 1) % len(colleagues)]
        for number, day in _numbered(place):
            yield {"number": str(number), "by": other.user_id, "at": f"{day}T03:00:00Z"}


def _numbered(place: int) -> Iterator[tuple[int, str]]:
    """The numbers and days of the payments that the user at `place` ordered."""
    return enumerate(_DAYS, place * len(_DAYS) + 1)

"""A PostgreSQL behind the Data API for tests, and tables of all sorts of types in it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.connectors.datamap.models import Collection, Erase, Field
from chalicelib.connectors.sql.client import STATEMENT_CONFIG, DataApi, Database, Statement
from infra.local.aws import EmbeddedAws, free_ports
from infra.local.platform.database import CLUSTER_ARN, share_password

if TYPE_CHECKING:
    from mypy_boto3_rds_data import RDSDataServiceClient

PEOPLE = """
CREATE TABLE people (
    id uuid PRIMARY KEY,
    number bigint NOT NULL UNIQUE,
    email text NOT NULL,
    nickname varchar(5),
    code char(4),
    balance numeric(20, 2),
    score double precision,
    active boolean,
    born date,
    seen timestamptz,
    tags text[],
    extra jsonb,
    secret text,
    restricted boolean NOT NULL DEFAULT false
)"""


@dataclass(frozen=True)
class World:
    """The client, the database's whereabouts, and the way in of its owner."""

    client: "RDSDataServiceClient"
    database: Database

    @property
    def api(self) -> DataApi:
        return DataApi(self.client, self.database)

    def sql(self, text: str, **values: str) -> list[list[str]]:
        return self.api.run(Statement(text, values))


@contextmanager
def postgres() -> Iterator[World]:
    """An embedded AWS of its own, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="jaga-sql-", ignore_cleanup_errors=True) as home:
        aws = EmbeddedAws(Path(home), free_ports()[0])
        aws.start()
        try:
            session = aws.session()
            secret = share_password(session, Path(home))
            client = session.client("rds-data", config=STATEMENT_CONFIG)
            yield World(client, Database(CLUSTER_ARN, secret, "postgres"))
        finally:
            aws.stop()


def people(**changes: Any) -> Collection:
    """The collection, as a data map would describe it: all columns but `secret`."""
    names = (
        *("id", "number", "email", "nickname", "code", "balance", "score", "active"),
        *("born", "seen", "tags", "extra.city"),
    )
    fields = {name: Field(name, ("user.contact",)) for name in names}
    return Collection("people", fields, **{"erase": Erase.DELETE, **changes})

"""Statements to one PostgreSQL database through the RDS Data API.

Values travel as named parameters, always as text: each statement casts them to the type of the
column that they are for. Every failure is the place's; what the service says of it stays here,
because it quotes values.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws import ONE_ATTEMPT
from chalicelib.connectors.places import PlaceUnavailable

if TYPE_CHECKING:
    from mypy_boto3_rds_data import RDSDataServiceClient

STATEMENT_CONFIG = ONE_ATTEMPT.merge(Config(read_timeout=50))
"""The Data API ends a statement after 45 seconds. One attempt: a statement sent again, while its
first is still at work in the transaction, is refused. The whole deed is what is repeated."""

_STATE = re.compile(r"SQLState: ([0-9A-Z]{5})")
_MISFITS = ("23", "42")
"""Classes of SQLSTATE: broken constraints; unknown names, or no right to them."""


class PlaceMisfit(PlaceUnavailable):
    """The database is not as the data map says: a table, a column, a value that does not fit."""

    code = "place_misfit"


class NotOfType(PlaceMisfit):
    """A value is not one of the column's type (SQLSTATE class 22): no row can have it."""

    code = "place_not_of_type"


@dataclass(frozen=True, slots=True)
class Database:
    """A database of an Aurora cluster, and the secret that opens it."""

    cluster_arn: str
    secret_arn: str
    name: str


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with named parameters (`:p0`), and their values. The values are personal data."""

    text: str
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


class DataApi:
    """Carries out statements. All raise `PlaceUnavailable`, `PlaceMisfit` for good reasons."""

    def __init__(self, client: "RDSDataServiceClient", database: Database) -> None:
        self._client = client
        self._where: Any = {
            "resourceArn": database.cluster_arn,
            "secretArn": database.secret_arn,
        }
        self._database = database.name

    def run(self, statement: Statement, transaction: str | None = None) -> list[list[str]]:
        """The rows that the statement answers, each value as text, an absent one as ''.

        Outside a `transaction` it is committed at once.
        """
        with _failures():
            answer = self._client.execute_statement(
                **self._where,
                **self._within(transaction),
                sql=statement.text,
                parameters=_parameters(statement.values),
            )
        return [[_text(value) for value in row] for row in answer.get("records", [])]

    def run_each(
        self, text: str, values: Sequence[Mapping[str, str]], transaction: str | None = None
    ) -> None:
        """Carries out the statement `text` once for each of `values`."""
        with _failures():
            self._client.batch_execute_statement(
                **self._where,
                **self._within(transaction),
                sql=text,
                parameterSets=[_parameters(each) for each in values],
            )

    @contextmanager
    def transaction(self) -> Iterator[str]:
        """The id of a transaction: committed at the end, rolled back when something is raised.

        One that nobody ends, because its worker died, the Data API rolls back after three minutes.
        """
        with _failures():
            begun = self._client.begin_transaction(**self._where, database=self._database)
        transaction = begun["transactionId"]
        try:
            yield transaction
        except BaseException:
            with suppress(ClientError, BotoCoreError):
                self._client.rollback_transaction(**self._where, transactionId=transaction)
            raise
        with _failures():
            self._client.commit_transaction(**self._where, transactionId=transaction)

    def _within(self, transaction: str | None) -> Any:
        where = {"database": self._database}
        return where if transaction is None else {**where, "transactionId": transaction}


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        # Not from it: its text quotes values.
        raise _meaning(error) from None
    except BotoCoreError:
        raise PlaceUnavailable from None


def _meaning(error: ClientError) -> PlaceUnavailable:
    state = _STATE.search(error.response["Error"].get("Message", ""))
    if state and state[1].startswith("22"):
        return NotOfType()
    return PlaceMisfit() if state and state[1].startswith(_MISFITS) else PlaceUnavailable()


def _parameters(values: Mapping[str, str]) -> Any:
    return [{"name": name, "value": {"stringValue": value}} for name, value in values.items()]


def _text(field_: Mapping[str, Any]) -> str:
    match field_:
        case {"stringValue": str(text)}:
            return text
        case {"isNull": True}:
            return ""
    raise PlaceMisfit

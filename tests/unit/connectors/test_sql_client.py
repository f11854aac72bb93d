"""What the Data API refuses, as a place's words: nothing of it is quoted, nothing is sent twice."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from chalicelib.connectors.places import PlaceUnavailable
from chalicelib.connectors.sql.client import (
    STATEMENT_CONFIG,
    DataApi,
    Database,
    NotOfType,
    PlaceMisfit,
    Statement,
)

WHERE = Database("arn:cluster", "arn:secret", "platform")


@dataclass
class ToldDataApi:
    """The service's client: raises what `failures` holds for an operation; notes the calls."""

    failures: dict[str, Exception] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    records: list[list[dict[str, Any]]] = field(default_factory=list)

    def begin_transaction(self, **given: Any) -> dict[str, str]:
        self._note("begin", given)
        return {"transactionId": "tx"}

    def commit_transaction(self, **given: Any) -> None:
        self._note("commit", given)

    def rollback_transaction(self, **given: Any) -> None:
        self._note("rollback", given)

    def execute_statement(self, **given: Any) -> dict[str, Any]:
        self._note("execute", given)
        return {"records": self.records}

    def batch_execute_statement(self, **given: Any) -> None:
        self._note("batch", given)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]

    def _note(self, name: str, given: dict[str, Any]) -> None:
        self.calls.append((name, given))
        if name in self.failures:
            raise self.failures[name]


def refusal(code: str, message: str = "canary") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "ExecuteStatement")


@pytest.fixture
def told() -> ToldDataApi:
    return ToldDataApi()


@pytest.fixture
def api(told: ToldDataApi) -> DataApi:
    return DataApi(cast("Any", told), WHERE)


AWAY: list[ClientError | BotoCoreError] = [
    *map(
        refusal,
        (
            "DatabaseResumingException",  # a cluster that paused itself comes back
            "DatabaseUnavailableException",
            "StatementTimeoutException",
            "ServiceUnavailableError",
            "InternalServerErrorException",
            "ThrottlingException",
            "AccessDeniedException",
            "SecretsErrorException",
            "HttpEndpointNotEnabledException",
            "TransactionNotFoundException",
            "BadRequestException",
        ),
    ),
    refusal("DatabaseErrorException", "ERROR: deadlock detected; SQLState: 40P01"),
    refusal("DatabaseErrorException", "ERROR: terminating connection; SQLState: 57P01"),
    ReadTimeoutError(endpoint_url="canary"),
    ConnectTimeoutError(endpoint_url="canary"),
    EndpointConnectionError(endpoint_url="canary"),
]


@pytest.mark.parametrize("failure", AWAY, ids=str)
def test_a_database_that_is_away_is_tried_again(
    api: DataApi, told: ToldDataApi, failure: Exception
) -> None:
    told.failures["execute"] = failure
    with pytest.raises(PlaceUnavailable) as raised:
        api.run(Statement("SELECT 1"))
    assert type(raised.value) is PlaceUnavailable
    assert told.names == ["execute"]
    assert "canary" not in f"{raised.value!r}"
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("22P02", NotOfType),  # no uuid
        ("22003", NotOfType),  # too large a number
        ("22008", NotOfType),  # the 30th of February
        ("23505", PlaceMisfit),  # unique
        ("23503", PlaceMisfit),  # a foreign key
        ("42P01", PlaceMisfit),  # no such table
        ("42501", PlaceMisfit),  # no right to it
    ],
)
@pytest.mark.parametrize("code", ["DatabaseErrorException", "BadRequestException"])
def test_a_database_that_is_another_than_the_map_says(
    api: DataApi, told: ToldDataApi, code: str, state: str, meaning: type[PlaceMisfit]
) -> None:
    told.failures["execute"] = refusal(code, f'ERROR: "canary"; Position: 8; SQLState: {state}')
    with pytest.raises(PlaceUnavailable) as raised:
        api.run(Statement("SELECT 1"))
    assert type(raised.value) is meaning


def test_a_transaction_ends_in_a_commit(api: DataApi, told: ToldDataApi) -> None:
    with api.transaction() as transaction:
        api.run(Statement("SELECT :p0", {"p0": "x"}), transaction)
        api.run_each("UPDATE :p0", [{"p0": "y"}], transaction)
    assert told.names == ["begin", "execute", "batch", "commit"]
    _, executed = told.calls[1]
    assert executed == {
        "resourceArn": "arn:cluster",
        "secretArn": "arn:secret",
        "database": "platform",
        "transactionId": "tx",
        "sql": "SELECT :p0",
        "parameters": [{"name": "p0", "value": {"stringValue": "x"}}],
    }


@pytest.mark.parametrize("rollback", [None, refusal("TransactionNotFoundException")])
def test_what_fails_within_is_rolled_back(
    api: DataApi, told: ToldDataApi, rollback: Exception | None
) -> None:
    told.failures["execute"] = refusal("ThrottlingException")
    if rollback:
        told.failures["rollback"] = rollback
    with pytest.raises(PlaceUnavailable), api.transaction() as transaction:
        api.run(Statement("SELECT 1"), transaction)
    assert told.names == ["begin", "execute", "rollback"]


def test_a_worker_that_is_ended_rolls_back(api: DataApi, told: ToldDataApi) -> None:
    with pytest.raises(KeyboardInterrupt), api.transaction():
        raise KeyboardInterrupt
    assert told.names == ["begin", "rollback"]


def test_a_commit_without_an_answer_is_not_taken_for_one(api: DataApi, told: ToldDataApi) -> None:
    told.failures["commit"] = ReadTimeoutError(endpoint_url="x")
    with pytest.raises(PlaceUnavailable), api.transaction():
        pass
    assert told.names == ["begin", "commit"]


def test_a_statement_is_sent_once() -> None:
    assert STATEMENT_CONFIG.retries["total_max_attempts"] == 1  # type: ignore[attr-defined]
    assert STATEMENT_CONFIG.read_timeout > 45  # type: ignore[attr-defined]


def test_only_texts_and_nulls_are_read(api: DataApi, told: ToldDataApi) -> None:
    told.records = [[{"stringValue": "a"}, {"isNull": True}]]
    assert api.run(Statement("SELECT 1")) == [["a", ""]]
    told.records = [[{"longValue": 1}]]
    with pytest.raises(PlaceMisfit):
        api.run(Statement("SELECT 1"))

"""What a cancelled transaction means, reason by reason, and how a command is tried again."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from chalicelib.errors import Conflict, DomainError, Internal, TooMany
from chalicelib.tables.conditions import ABSENT, PRESENT, Condition, revision_is
from chalicelib.tables.keys import Key
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import (
    Action,
    Check,
    ConditionFailed,
    Contended,
    Delete,
    Moved,
    Put,
    Unsettled,
    Update,
    run_command,
    transact,
)
from chalicelib.tables.updates import Changes


class First(Conflict):
    code = "first"


class Second(Conflict):
    code = "second"


class Third(Conflict):
    code = "third"


class ScriptedClient:
    """Answers each transaction with the next of `answers`: None for success, else an error."""

    def __init__(self, *answers: ClientError | None) -> None:
        self._answers = list(answers)
        self.requests: list[list[Any]] = []

    def transact_write_items(self, TransactItems: list[Any]) -> dict[str, Any]:  # noqa: N803  # AWS's name
        self.requests.append(TransactItems)
        answer = self._answers.pop(0) if self._answers else None
        if answer is not None:
            raise answer
        return {}


def cancelled(*codes: str) -> ClientError:
    response = {
        "Error": {"Code": "TransactionCanceledException", "Message": ""},
        "CancellationReasons": [{"Code": code} for code in codes],
    }
    return ClientError(cast("Any", response), "TransactWriteItems")


def failed(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "TransactWriteItems")


TABLE = Table(cast("Any", None), "records", "jaga-records")
ACTIONS: list[Action] = [
    Put(TABLE, {"pk": "A", "sk": "1"}, ABSENT, First),
    Delete(TABLE, Key("B", "1"), PRESENT, Second),
    Check(TABLE, Key("C", "1"), revision_is(4), Third),
]


def meaning(*codes: str, actions: Sequence[Action] = ACTIONS) -> type[BaseException]:
    with pytest.raises(DomainError) as caught:
        transact(cast("Any", ScriptedClient(cancelled(*codes))), actions)
    return caught.type


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (("ConditionalCheckFailed", "None", "None"), First),
        (("None", "ConditionalCheckFailed", "None"), Second),
        (("None", "None", "ConditionalCheckFailed"), Third),
        (("None", "ConditionalCheckFailed", "ConditionalCheckFailed"), Second),
        (("ConditionalCheckFailed",) * 3, First),
        (("TransactionConflict", "None", "None"), Moved),
        (("None", "TransactionConflict", "None"), Moved),
        (("None", "None", "TransactionConflict"), Moved),
        (("TransactionConflict", "None", "ConditionalCheckFailed"), Third),
        (("ThrottlingError", "None", "None"), Moved),
        (("None", "ProvisionedThroughputExceeded", "None"), Moved),
        (("None", "ValidationError", "None"), ConditionFailed),
        (("ItemCollectionSizeLimitExceeded", "None", "None"), ConditionFailed),
    ],
)
def test_reasons_are_read_item_by_item(codes: tuple[str, ...], expected: type[DomainError]) -> None:
    assert meaning(*codes) is expected


def test_a_failed_condition_without_a_word_of_its_own_is_our_mistake() -> None:
    bare: list[Action] = [Put(TABLE, {"pk": "A", "sk": "1"}, ABSENT)]
    assert meaning("ConditionalCheckFailed", actions=bare) is ConditionFailed
    assert issubclass(ConditionFailed, Internal)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ThrottlingException", Moved),
        ("ProvisionedThroughputExceededException", Moved),
        ("RequestLimitExceeded", Moved),
        ("InternalServerError", ClientError),
        ("TransactionInProgressException", Unsettled),
        ("ResourceNotFoundException", ClientError),
        ("AccessDeniedException", ClientError),
        ("ValidationException", ClientError),
    ],
)
def test_a_refused_call(code: str, expected: type[BaseException]) -> None:
    with pytest.raises(expected):
        transact(cast("Any", ScriptedClient(failed(code))), ACTIONS)


def test_the_request_names_tables_keys_and_conditions() -> None:
    client = ScriptedClient()
    transact(cast("Any", client), ACTIONS)
    assert client.requests == [
        [
            {
                "Put": {
                    "TableName": "jaga-records",
                    "Item": {"pk": {"S": "A"}, "sk": {"S": "1"}},
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            },
            {
                "Delete": {
                    "TableName": "jaga-records",
                    "Key": {"pk": {"S": "B"}, "sk": {"S": "1"}},
                    "ConditionExpression": "attribute_exists(pk)",
                }
            },
            {
                "ConditionCheck": {
                    "TableName": "jaga-records",
                    "Key": {"pk": {"S": "C"}, "sk": {"S": "1"}},
                    "ConditionExpression": "#rev = :rev",
                    "ExpressionAttributeNames": {"#rev": "rev"},
                    "ExpressionAttributeValues": {":rev": {"N": "4"}},
                }
            },
        ]
    ]


def test_an_update_names_its_changes_and_may_fail_with_more_than_a_type() -> None:
    changes = Changes(put={"ttl": 7}, keep={"since": 1}, add={"count": 1}, remove=["old"])
    condition = Condition("#count < :most", {"#count": "count"}, {":most": 5})
    update = Update(TABLE, Key("D", "1"), changes, condition, lambda: TooMany(60))
    client = ScriptedClient(None, cancelled("ConditionalCheckFailed"))
    transact(cast("Any", client), [update])
    assert client.requests == [
        [
            {
                "Update": {
                    "TableName": "jaga-records",
                    "Key": {"pk": {"S": "D"}, "sk": {"S": "1"}},
                    "UpdateExpression": "SET #ttl = :new_ttl, #since = if_not_exists(#since,"
                    " :new_since) ADD #count :new_count REMOVE #old",
                    "ConditionExpression": "#count < :most",
                    "ExpressionAttributeNames": {
                        "#ttl": "ttl",
                        "#since": "since",
                        "#count": "count",
                        "#old": "old",
                    },
                    "ExpressionAttributeValues": {
                        ":new_ttl": {"N": "7"},
                        ":new_since": {"N": "1"},
                        ":new_count": {"N": "1"},
                        ":most": {"N": "5"},
                    },
                }
            }
        ]
    ]
    with pytest.raises(TooMany) as refused:
        transact(cast("Any", client), [update])
    assert refused.value.retry_after == 60


@pytest.mark.parametrize("count", [0, 101])
def test_a_transaction_has_1_to_100_items(count: int) -> None:
    client = ScriptedClient()
    with pytest.raises(ValueError, match="1 to 100"):
        transact(cast("Any", client), ACTIONS[:1] * count)
    assert client.requests == []


class Sleeper:
    def __init__(self) -> None:
        self.pauses: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.pauses.append(seconds)


def test_an_overtaken_command_is_built_anew() -> None:
    conflict = cancelled("TransactionConflict", "None", "None")
    client, sleeper = ScriptedClient(conflict, failed("ThrottlingException"), None), Sleeper()
    built: list[int] = []

    def build() -> Sequence[Action]:
        built.append(len(built))
        return [Put(TABLE, {"pk": "A", "sk": str(built[-1])}, ABSENT, Moved), *ACTIONS[1:]]

    run_command(cast("Any", client), build, sleep=sleeper)

    assert [request[0]["Put"]["Item"]["sk"]["S"] for request in client.requests] == ["0", "1", "2"]
    assert len(sleeper.pauses) == 2


def test_a_stale_precondition_is_read_again() -> None:
    stale: list[Action] = [Put(TABLE, {"pk": "A", "sk": "1"}, ABSENT, Moved)]
    client = ScriptedClient(cancelled("ConditionalCheckFailed"), None)
    run_command(cast("Any", client), lambda: stale, sleep=Sleeper())
    assert len(client.requests) == 2


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (cancelled("ConditionalCheckFailed", "None", "None"), First),
        (failed("TransactionInProgressException"), Unsettled),
        (failed("AccessDeniedException"), ClientError),
    ],
)
def test_what_a_retry_cannot_mend_is_raised_at_once(
    answer: ClientError, expected: type[BaseException]
) -> None:
    client, sleeper = ScriptedClient(answer), Sleeper()
    with pytest.raises(expected):
        run_command(cast("Any", client), lambda: ACTIONS, sleep=sleeper)
    assert (len(client.requests), sleeper.pauses) == (1, [])


def test_a_command_gives_up_and_its_pauses_stay_short() -> None:
    conflict = cancelled("TransactionConflict", "None", "None")
    client, sleeper = ScriptedClient(*[conflict] * 99), Sleeper()
    with pytest.raises(Contended):
        run_command(cast("Any", client), lambda: ACTIONS, sleep=sleeper, attempts=30)
    assert len(client.requests) == 30
    for attempt, pause in enumerate(sleeper.pauses):
        assert 0 <= pause <= min(0.5, 0.02 * 2**attempt)


def test_pauses_differ() -> None:
    conflict = cancelled("TransactionConflict", "None", "None")
    client, sleeper = ScriptedClient(*[conflict] * 99), Sleeper()
    with pytest.raises(Contended):
        run_command(cast("Any", client), lambda: ACTIONS, sleep=sleeper)
    assert len(set(sleeper.pauses)) > 30

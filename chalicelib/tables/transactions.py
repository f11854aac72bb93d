"""Commands as one `TransactWriteItems`: either all of it happened or none.

DynamoDB answers a cancelled transaction with one reason per item, in the order of the items. Each
action here carries the error that its own failed condition means, so the caller gets the domain's
word ("chain moved", "already closed") instead of a list of codes.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.aws import REFUSED_FOR_NOW
from chalicelib.errors import DomainError, Internal, Unavailable
from chalicelib.tables.codec import Item, encode
from chalicelib.tables.conditions import Condition
from chalicelib.tables.keys import Key
from chalicelib.tables.table import Table, key_of
from chalicelib.tables.updates import Changes, update_request

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_LIMIT = 100
_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.5


class Contended(Unavailable):
    """Other writers kept winning, or the table kept throttling, for the whole of the budget."""

    code = "contended"


class Moved(Unavailable):
    """A precondition was read a moment ago and is stale now: build the command anew and retry."""

    code = "moved"


class Unsettled(Unavailable):
    """DynamoDB is still at this very transaction: whether it happens is not known yet.

    Not `Moved`: a command built anew would carry another token and could happen twice.
    """

    code = "unsettled"


class ConditionFailed(Internal):
    """A condition failed whose action names no error of its own: a mistake in the caller."""

    code = "condition_failed"


@dataclass(frozen=True, slots=True)
class Put:
    """Writes a whole item."""

    table: Table
    item: Item
    condition: Condition | None = None
    otherwise: type[DomainError] = ConditionFailed


@dataclass(frozen=True, slots=True)
class Delete:
    """Removes an item."""

    table: Table
    key: Key
    condition: Condition | None = None
    otherwise: type[DomainError] = ConditionFailed


@dataclass(frozen=True, slots=True)
class Check:
    """Changes nothing: the transaction holds only while `condition` does."""

    table: Table
    key: Key
    condition: Condition
    otherwise: type[DomainError] = ConditionFailed


@dataclass(frozen=True, slots=True)
class Update:
    """Changes attributes of an item; where the condition allows it, makes the item."""

    table: Table
    key: Key
    changes: Changes
    condition: Condition
    otherwise: Callable[[], DomainError] = ConditionFailed


@dataclass(frozen=True, slots=True)
class Foreign:
    """A write to a table of others, in DynamoDB's own words: `{"Delete": {…}}`.

    What is in it may be more than our codec knows (sets, binary values), and personal data.
    """

    request: Mapping[str, Any] = field(repr=False)
    otherwise: type[DomainError] = ConditionFailed


type Action = Put | Delete | Check | Update | Foreign

type RunCommand = Callable[[Callable[[], Sequence[Action]]], None]
"""`run_command` on some client: takes the function that builds a command."""


def transact(client: "DynamoDBClient", actions: Sequence[Action]) -> None:
    """Carries out `actions` (at most 100 items, 4 MB) as one transaction.

    A check that several parts of a command ask for is made once: DynamoDB takes one action for each
    item. Raises the `otherwise` of the first action whose condition failed, `Moved` when another
    transaction held one of the items or the table throttled, `Unsettled` when the outcome is not
    known yet, botocore's error for the rest.
    """
    actions = _without_repeated_checks(actions)
    if not 1 <= len(actions) <= _LIMIT:
        raise ValueError("a transaction takes 1 to 100 items")
    try:
        client.transact_write_items(TransactItems=[_request(action) for action in actions])
    except ClientError as refusal:
        code = refusal.response["Error"]["Code"]
        if code == "TransactionCanceledException":
            raise _meaning(actions, refusal.response["CancellationReasons"]) from refusal
        if code == "TransactionInProgressException":
            raise Unsettled from refusal
        if code in REFUSED_FOR_NOW:
            raise Moved from refusal
        raise


def run_command(
    client: "DynamoDBClient",
    build: Callable[[], Sequence[Action]],
    *,
    sleep: Callable[[float], None],
    attempts: int = 40,
) -> None:
    """Builds a command and carries it out, anew whenever it was overtaken (`Moved`).

    `build` reads what it depends on each time it is called. Pauses grow to half a second with full
    jitter, so fifty writers on one entity all get through. Raises `Contended` after `attempts`.
    """
    for attempt in range(attempts):
        try:
            transact(client, build())
        except Moved:
            longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**attempt)
            sleep(random.uniform(0, longest))  # noqa: S311  # jitter, not a secret
        else:
            return
    raise Contended


def _without_repeated_checks(actions: Sequence[Action]) -> list[Action]:
    once: list[Action] = []
    for action in actions:
        if not isinstance(action, Check) or action not in once:
            once.append(action)
    return once


def _meaning(actions: Sequence[Action], reasons: Sequence[Any]) -> DomainError:
    codes = [reason.get("Code", "None") for reason in reasons]
    for action, code in zip(actions, codes, strict=True):
        if code == "ConditionalCheckFailed":
            return action.otherwise()
    if any(code in REFUSED_FOR_NOW for code in codes):
        return Moved()
    return ConditionFailed(", ".join(code for code in codes if code != "None"))


def _request(action: Action) -> Any:
    match action:
        case Put(table, item):
            return {
                "Put": {"TableName": table.name, "Item": encode(item)}
                | _expression(action.condition)
            }
        case Delete(table, key):
            return {
                "Delete": {"TableName": table.name, "Key": encode(key_of(key))}
                | _expression(action.condition)
            }
        case Check(table, key, condition):
            return {
                "ConditionCheck": {"TableName": table.name, "Key": encode(key_of(key))}
                | _expression(condition)
            }
        case Update(table, key, changes, condition):
            return {
                "Update": {"TableName": table.name, "Key": encode(key_of(key))}
                | update_request(changes, condition)
            }
        case Foreign(request):
            return request


def _expression(condition: Condition | None) -> dict[str, Any]:
    if condition is None:
        return {}
    request: dict[str, Any] = {"ConditionExpression": condition.expression}
    if condition.names:
        request["ExpressionAttributeNames"] = dict(condition.names)
    if condition.values:
        request["ExpressionAttributeValues"] = encode(condition.values)
    return request

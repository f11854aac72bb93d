"""What a function does to the tables, held against its policy: action by action, key by key."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from chalicelib.services import Services

_FOLDER = Path(__file__).parents[2] / ".chalice"
_IN_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}

type Use = tuple[str, str, str]
"""An action, what it was done to (a table by its logical name, or its index), the leading key."""


@dataclass
class Uses:
    """Notes what the services do to DynamoDB from `watch` on."""

    seen: set[Use] = field(default_factory=set)

    def watch(self, services: Services) -> None:
        events = services.dynamodb.meta.events
        names = {
            table.name: table.logical
            for table in (services.records, services.preferences, services.audit, services.keys)
        }

        def note(params: Any, model: Any, **_rest: Any) -> None:
            for action, table, key in _uses(model.name, json.loads(params["body"])):
                where, slash, index = table.partition("/")
                if where in names:  # what places of others allow is not of these policies
                    leading = "" if index else key["pk"]["S"]
                    self.seen.add((action, names[where] + slash + index, leading))

        events.register("before-call.dynamodb", note)

    def refused_by(self, function: str) -> set[Use]:
        """What the function's policy does not allow."""
        policy = json.loads((_FOLDER / f"policy-{function}.json").read_text())
        return {
            use for use in self.seen if not any(_allows(each, use) for each in policy["Statement"])
        }


def _uses(operation: str, body: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Actions, the tables or indexes that they are on, the keys or items."""
    match operation:
        case "TransactWriteItems":
            for each in body["TransactItems"]:
                ((kind, about),) = each.items()
                item = about.get("Item") or about["Key"]
                yield _IN_TRANSACTION[kind], about["TableName"], item
        case "BatchGetItem":
            for table, asked in body["RequestItems"].items():
                for key in asked["Keys"]:
                    yield operation, table, key
        case "Query":
            table = "/".join(body[each] for each in ("TableName", "IndexName") if each in body)
            yield operation, table, {"pk": body["ExpressionAttributeValues"].get(":pk")}
        case "Scan":  # a whole table has no leading key: no policy of ours allows it on our own
            yield operation, body["TableName"], {"pk": {"S": ""}}
        case _:
            yield operation, body["TableName"], body.get("Item") or body["Key"]


def _allows(statement: dict[str, Any], use: Use) -> bool:
    action, where, key = use
    table, _, index = where.partition("/")
    name = f"{table.capitalize()}Table"
    resource: dict[str, object] = {"Fn::GetAtt": [name, "Arn"]}
    if index:
        resource = {"Fn::Sub": f"${{{name}.Arn}}/index/{index}"}
    if f"dynamodb:{action}" not in statement["Action"] or statement["Resource"] != resource:
        return False
    keys = statement.get("Condition", {}).get("ForAllValues:StringLike", {})
    return bool(index) or any(fnmatchcase(key, each) for each in keys["dynamodb:LeadingKeys"])

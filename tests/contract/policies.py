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
                where, _, index = table.partition("/")
                if where in names:  # what places of others allow is not of these policies
                    self.seen.add((action, names[where] + (f"/{index}" if index else ""), key))

        events.register("before-call.dynamodb", note)

    def refused_by(self, function: str) -> set[Use]:
        """What the function's policy does not allow."""
        policy = json.loads((_FOLDER / f"policy-{function}.json").read_text())
        return {
            use for use in self.seen if not any(_allows(each, use) for each in policy["Statement"])
        }


def _uses(operation: str, body: dict[str, Any]) -> Iterator[Use]:
    match operation:
        case "TransactWriteItems":
            for each in body["TransactItems"]:
                ((kind, about),) = each.items()
                item = about.get("Item") or about["Key"]
                yield _IN_TRANSACTION[kind], about["TableName"], _leading(item)
        case "BatchGetItem":
            for table, asked in body["RequestItems"].items():
                for key in asked["Keys"]:
                    yield operation, table, _leading(key)
        case "Query":
            values = body["ExpressionAttributeValues"]
            if "IndexName" in body:
                yield operation, f"{body['TableName']}/{body['IndexName']}", ""
            else:
                yield operation, body["TableName"], values[":pk"]["S"]
        case _:
            item = body.get("Item") or body["Key"]
            yield operation, body["TableName"], item["pk"]["S"]


def _leading(item: dict[str, Any]) -> str:
    """The partition key of an item of ours."""
    return str(item.get("pk", {}).get("S", ""))


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

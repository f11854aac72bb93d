"""Condition keys that our policies name and that the embedded IAM leaves out.

Without them a condition on an encryption context or on the sender of a mail can never hold, a role
is known by its session only, and one on the partition keys of items either always holds or never.
On AWS all are part of every request (IAM's "condition keys for AWS KMS", "global condition context
keys", "condition keys for Amazon DynamoDB" and "for Amazon SES"). Nor does it know which identity a
mail is sent with, so that a right to one identity would never do, nor that SQS's batches need the
right of the single call (AWS: "Actions, resources, and condition keys for Amazon SQS").
"""

import json
import re
from typing import Any

from ministack.core import iam_actions, iam_evaluator

_tag_context = iam_actions.request_tag_context
_action = iam_actions.extract_iam_action
_resource_arn = iam_actions.extract_resource_arn
_WRITES = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
_EQUALS = re.compile(r"^(?:pk|due_pk) = (:\w+)")
_LEADING_KEYS = "jaga:leadingkeys"  # ours, in lower case as the evaluator holds names
_resolve = iam_evaluator._resolve_condition_key  # noqa: SLF001  # there is no public place


def install() -> None:
    """Teaches the embedded IAM of this process the keys."""
    iam_actions.request_tag_context = _request_context
    iam_actions.extract_iam_action = _request_action
    iam_actions.extract_resource_arn = _request_resource
    iam_evaluator._resolve_condition_key = _resolve_condition_key  # noqa: SLF001


def _request_context(
    service: str, action: str, body: bytes, parameters: dict[str, Any]
) -> dict[str, Any]:
    context: dict[str, Any] = _tag_context(service, action, body, parameters)
    if action == "ses:SendRawEmail":
        context["ses:FromAddress"] = _source(parameters)
    if service not in {"kms", "dynamodb"}:
        return context
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return context
    if service == "dynamodb":
        context[_LEADING_KEYS] = _leading_keys(request)
        return context
    if "SigningAlgorithm" in request:
        context["kms:SigningAlgorithm"] = request["SigningAlgorithm"]
    for name, value in request.get("EncryptionContext", {}).items():
        context[f"kms:EncryptionContext:{name}"] = value
    return context


def _request_action(service: str, *request: Any) -> str | None:
    action: str | None = _action(service, *request)
    return action.removesuffix("Batch") if action and service == "sqs" else action


def _request_resource(service: str, *request: Any) -> str:
    parameters, region, account = request[-3:]
    if service == "ses" and (sender := _source(parameters)):
        return f"arn:aws:ses:{region}:{account}:identity/{sender.rpartition('@')[2]}"
    return str(_resource_arn(service, *request))


def _source(parameters: dict[str, Any]) -> str:
    value = parameters.get("Source", "")
    return str(value[0] if isinstance(value, list) else value)


def _resolve_condition_key(key: str, context: iam_evaluator.EvalContext) -> Any:
    resolved = _resolve(key, context)
    if key.lower() == "aws:principalarn" and ":assumed-role/" in resolved:
        # arn:aws:sts::<account>:assumed-role/<role>/<session> → arn:aws:iam::<account>:role/<role>
        role = resolved.split(":assumed-role/")[1].split("/")[0]
        return f"arn:aws:iam::{context.principal_account}:role/{role}"
    if key.lower() == "dynamodb:leadingkeys":
        # Of what is asked for now: a transaction is several requests for rights.
        operation = context.action.partition(":")[2]
        table = context.resource_arn.partition(":table/")[2].partition("/")[0]
        return [
            partition
            for action, name, partition in context.service_context.get(_LEADING_KEYS, [])
            if action in {"", operation} and name.rpartition("/")[2] == table
        ] or None
    return resolved


def _leading_keys(request: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Action, table and partition key of every item that a DynamoDB request names."""
    found: list[tuple[str, str, str]] = []
    for member, action in _WRITES.items():
        found += [
            (action, part[member]["TableName"], _partition(part[member]))
            for part in request.get("TransactItems", [])
            if member in part
        ]
    for table, asked in request.get("RequestItems", {}).items():
        if isinstance(asked, dict):
            found += [("BatchGetItem", table, _value(key)) for key in asked["Keys"]]
    if "KeyConditionExpression" in request:
        values = request["ExpressionAttributeValues"]
        if names := _EQUALS.findall(request["KeyConditionExpression"]):
            found.append(("Query", request["TableName"], values[names[0]]["S"]))
    elif "TableName" in request and ("Item" in request or "Key" in request):
        found.append(("", request["TableName"], _partition(request)))
    return found


def _partition(part: dict[str, Any]) -> str:
    return _value(part.get("Item") or part["Key"])


def _value(item: dict[str, Any]) -> str:
    """The partition key in our tables; none in those of others, whose keys no policy names."""
    return str(item.get("pk", {}).get("S", ""))

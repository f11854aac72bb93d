"""Condition keys that our policies name and that the embedded IAM leaves out.

Without them a condition on an encryption context can never hold, and a role is known by its session
only. On AWS both are part of every request (IAM's "condition keys for AWS KMS" and "global
condition context keys").
"""

import json
from typing import Any

from ministack.core import iam_actions, iam_evaluator

_tag_context = iam_actions.request_tag_context
_resolve = iam_evaluator._resolve_condition_key  # noqa: SLF001  # there is no public place


def install() -> None:
    """Teaches the embedded IAM of this process the keys."""
    iam_actions.request_tag_context = _request_context
    iam_evaluator._resolve_condition_key = _resolve_condition_key  # noqa: SLF001


def _request_context(
    service: str, action: str, body: bytes, parameters: dict[str, Any]
) -> dict[str, Any]:
    context: dict[str, Any] = _tag_context(service, action, body, parameters)
    if service != "kms":
        return context
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return context
    if "SigningAlgorithm" in request:
        context["kms:SigningAlgorithm"] = request["SigningAlgorithm"]
    for name, value in request.get("EncryptionContext", {}).items():
        context[f"kms:EncryptionContext:{name}"] = value
    return context


def _resolve_condition_key(key: str, context: iam_evaluator.EvalContext) -> Any:
    resolved = _resolve(key, context)
    if key.lower() == "aws:principalarn" and ":assumed-role/" in resolved:
        # arn:aws:sts::<account>:assumed-role/<role>/<session> → arn:aws:iam::<account>:role/<role>
        role = resolved.split(":assumed-role/")[1].split("/")[0]
        return f"arn:aws:iam::{context.principal_account}:role/{role}"
    return resolved

"""Changes of single attributes, as DynamoDB's update expressions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.tables.codec import Value, encode
from chalicelib.tables.conditions import Condition


@dataclass(frozen=True, slots=True)
class Changes:
    """Sets the attributes `put`, those of `keep` that are missing, adds `add` to numbers, and takes
    `remove` away."""

    put: Mapping[str, Value] = field(default_factory=dict)
    keep: Mapping[str, Value] = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    remove: Sequence[str] = ()


def update_request(changes: Changes, condition: Condition) -> dict[str, Any]:
    """The members of an UpdateItem that carry `changes` under `condition`."""
    # `new_`: a condition on the same attribute has a placeholder of its own (`revision_is`).
    sets = [f"#{name} = :new_{name}" for name in changes.put]
    sets += [f"#{name} = if_not_exists(#{name}, :new_{name})" for name in changes.keep]
    additions = [f"#{name} :new_{name}" for name in changes.add]
    removals = [f"#{name}" for name in changes.remove]
    changed: dict[str, Value] = {**changes.put, **changes.keep, **changes.add}
    names = {f"#{name}": name for name in (*changed, *changes.remove)}
    values = {f":new_{name}": value for name, value in changed.items()}
    clauses = [
        f"{verb} {', '.join(made)}"
        for verb, made in (("SET", sets), ("ADD", additions), ("REMOVE", removals))
        if made
    ]
    return {
        "UpdateExpression": " ".join(clauses),
        "ConditionExpression": condition.expression,
        "ExpressionAttributeNames": {**names, **condition.names},
        "ExpressionAttributeValues": encode({**values, **condition.values}),
    }

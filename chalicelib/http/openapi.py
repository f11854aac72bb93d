"""The OpenAPI 3.1 document, made from the declared operations and their pydantic models."""

import json
import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib import __version__
from chalicelib.http.problems import PROBLEM_JSON
from chalicelib.http.routes import Operation
from chalicelib.wire import Wire

_REFERENCE = "#/components/schemas/{model}"


class FieldProblem(Wire):
    """A refused field; never its value."""

    field: str
    code: str


class Problem(Wire):
    """RFC 9457. `code` is stable."""

    type: str
    title: str
    status: int
    code: str
    errors: tuple[FieldProblem, ...] = ()


def openapi_document(operations: Iterable[Operation]) -> str:
    """The document as JSON text."""
    operations = list(operations)
    models: set[type[BaseModel]] = {Problem}
    for operation in operations:
        models |= {each for each in (operation.body, operation.answers) if isinstance(each, type)}
    references, definitions = models_json_schema(
        [
            (model, _mode(model, operations))
            for model in sorted(models, key=lambda each: each.__name__)
        ],
        ref_template=_REFERENCE,
    )
    schemas = {model: reference for (model, _), reference in references.items()}
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(
            operation, schemas
        )
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Jaga",
            "version": __version__,
            "description": "A serverless privacy office.",
        },
        "paths": paths,
        "components": {"schemas": definitions.get("$defs", {})},
    }
    return json.dumps(document, separators=(",", ":"))


def _mode(model: type[BaseModel], operations: list[Operation]) -> Any:
    taken = any(operation.body is model for operation in operations)
    return "validation" if taken else "serialization"


def _described(operation: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": _operation_id(operation),
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"{(\w+)}", operation.path)
        ]
        + [
            {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
            for name in operation.query
        ],
        "responses": {
            **{str(status): _answer(operation, schemas) for status in operation.statuses},
            "default": {
                "description": "A problem",
                "content": {PROBLEM_JSON: {"schema": schemas[Problem]}},
            },
        },
    }
    if operation.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {media: {"schema": schemas[operation.body]} for media in operation.accepts},
        }
    return described


def _answer(operation: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    if isinstance(operation.answers, str):
        return {"description": operation.summary, "content": {operation.answers: {}}}
    schema = schemas[operation.answers]
    return {"description": operation.summary, "content": {"application/json": {"schema": schema}}}


def _operation_id(operation: Operation) -> str:
    return f"{operation.method.lower()}{re.sub(r'[^A-Za-z0-9]+', '_', operation.path)}".rstrip("_")

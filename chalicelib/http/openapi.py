"""The OpenAPI 3.1 document, made from the declared operations and their pydantic models."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib import __version__
from chalicelib.http.access import Access, Anyone, Person, Platform, Staff
from chalicelib.http.idempotency import (
    KEY_DESCRIPTION,
    KEY_HEADER,
    LONG_KEY_DESCRIPTION,
    key_pattern,
)
from chalicelib.http.paging import LIMIT_SCHEMA
from chalicelib.http.problems import MAX_FIELDS, PROBLEM_JSON
from chalicelib.http.refusals import FOREIGN_ERRORS
from chalicelib.http.routes import Operation

_REFERENCE = "#/components/schemas/{model}"


_PROBLEM: dict[str, Any] = {
    "description": (
        "RFC 9457. `code` is stable. `status` may be missing when the gateway before the"
        " application refused the request by itself; `errors` name refused fields, never values."
    ),
    "type": "object",
    "required": ["type", "title", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "maxItems": MAX_FIELDS,
            "items": {
                "type": "object",
                "required": ["field", "code"],
                "properties": {"field": {"type": "string"}, "code": {"type": "string"}},
            },
        },
    },
}
_STRING = {"type": "string"}
_HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "Origin": (
        "The page's origin, one of the site's. A change without it is refused.",
        _STRING,
    ),
    "Sec-GPC": (
        "Global Privacy Control: the signal is exactly `1`, anything else is none.",
        {"type": "string", "enum": ["1"]},
    ),
    "If-None-Match": ("ETags of what the caller holds (RFC 9110).", _STRING),
    "Idempotency-Key": ("Accepted and not needed: see the description.", _STRING),
    "webhook-id": ("The message's id (Standard Webhooks).", _STRING),
    "webhook-timestamp": ("When it was sent, whole seconds since 1970 UTC.", _STRING),
    "webhook-signature": ("`v1,` and the base64 of HMAC-SHA-256 over id, time, body.", _STRING),
}
_SIGNED = {"webhook-id", "webhook-timestamp", "webhook-signature"}


_BEARER = {"type": "http", "scheme": "bearer"}
_SECURITY: dict[str, Any] = {
    "staff": {
        **_BEARER,
        "bearerFormat": "JWT",
        "description": "Access token of the staff's user pool; a second factor is always asked for",
    },
    "platform": {
        **_BEARER,
        "bearerFormat": "JWT",
        "description": "Access token of the client platform (OAuth 2.0 client credentials)",
    },
    "person": {**_BEARER, "description": "Session token of a data subject, `POST /v1/sessions`"},
}


def openapi_document(operations: Iterable[Operation]) -> str:
    """The document as JSON text."""
    operations = list(operations)
    models: set[type[BaseModel]] = set()
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
            "description": (
                "A serverless privacy office. Paths that pages call answer OPTIONS too, as the"
                " Fetch standard's CORS preflight asks; browsers do that by themselves."
            ),
        },
        "paths": paths,
        "components": {
            "schemas": {
                **definitions.get("$defs", {}),
                "Problem": _PROBLEM,
                **{
                    each.refusals.name: each.refusals.schema for each in operations if each.refusals
                },
            },
            "securitySchemes": _SECURITY,
        },
    }
    return json.dumps(document, separators=(",", ":"))


def _mode(model: type[BaseModel], operations: list[Operation]) -> Any:
    taken = any(operation.body is model for operation in operations)
    return "validation" if taken else "serialization"


def _described(operation: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": _operation_id(operation),
        "parameters": [*_parameters(operation), *_header_parameters(operation)],
        **_security(operation.access),
        "responses": {
            **{str(status): _answer(operation, status, schemas) for status in operation.statuses},
            "default": {"description": "A problem", "content": _refused(operation)},
        },
    }
    if operation.description:
        described["description"] = operation.description
    if operation.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {media: {"schema": schemas[operation.body]} for media in operation.accepts},
        }
    return described


def _foreign_errors(operations: Iterable[Operation]) -> dict[str, Any]:
    formats = (each.refusals for each in operations if each.refusals is not None)
    return {each.name: each.schema for each in formats}


def _refused(operation: Operation) -> dict[str, Any]:
    # What the gateway refuses by itself is a problem of ours in any case.
    content = {PROBLEM_JSON: {"schema": {"$ref": _REFERENCE.format(model="Problem")}}}
    if operation.refusals is not None:
        reference = _REFERENCE.format(model=operation.refusals.name)
        content[FOREIGN_ERRORS] = {"schema": {"$ref": reference}}
    return content


def _security(access: Access) -> dict[str, Any]:
    # Scopes of bearer schemes are roles or permissions, for the reader (OpenAPI 3.1, 4.8.30).
    match access:
        case Staff(permission):
            return {"security": [{"staff": [permission]}]}
        case Platform(scope):
            return {"security": [{"platform": [scope] if scope else []}]}
        case Person():
            return {"security": [{"person": []}]}
    return {"security": []}


def _parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    schemas = {"limit": LIMIT_SCHEMA, **operation.parameters}
    for name in re.findall(r"{(\w+)}", operation.path):
        schema = schemas.get(name, _STRING)
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    for name in operation.query:
        schema = schemas.get(name, _STRING)
        yield {"name": name, "in": "query", "required": False, "schema": schema}


def _header_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    if operation.idempotent:
        unknown = isinstance(operation.access, Anyone)
        yield {
            "name": KEY_HEADER,
            "in": "header",
            "required": False,
            "description": LONG_KEY_DESCRIPTION if unknown else KEY_DESCRIPTION,
            "schema": {"type": "string", "pattern": key_pattern(operation.access)},
        }
    conditional = ("If-None-Match",) if 304 in operation.statuses else ()
    for name in (*operation.headers, *conditional):
        description, schema = _HEADERS[name]
        yield {
            "name": name,
            "in": "header",
            "required": name in _SIGNED or (name == "Origin" and operation.method != "GET"),
            "description": description,
            "schema": schema,
        }


def _answer(operation: Operation, status: int, schemas: dict[Any, Any]) -> dict[str, Any]:
    if status == 304:
        return {"description": "What the caller holds is current"}
    if isinstance(operation.answers, str):
        return {"description": operation.summary, "content": {operation.answers: {}}}
    schema = schemas[operation.answers]
    return {"description": operation.summary, "content": {"application/json": {"schema": schema}}}


def _operation_id(operation: Operation) -> str:
    return f"{operation.method.lower()}{re.sub(r'[^A-Za-z0-9]+', '_', operation.path)}".rstrip("_")

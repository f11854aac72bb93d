"""Calls the app the way API Gateway's Lambda proxy does, without Chalice's own test client.

That client cannot do OPTIONS and answers unknown paths by itself; the real gateway's events are
simple enough to make here.
"""

import json
from dataclasses import dataclass
from typing import Any

from chalice.app import Chalice


@dataclass(frozen=True)
class Answer:
    """A proxy response."""

    status: int
    headers: dict[str, str]
    body: str

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The problem's stable code."""
        assert self.headers["content-type"] == "application/problem+json"
        return str(self.json()["code"])


class Gateway:
    """Routes a request to `app` under the resource path that matches."""

    def __init__(self, app: Chalice) -> None:
        self._app = app

    def call(
        self,
        method: str,
        path: str,
        *,
        body: bytes | str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        path, _, query = path.partition("?")
        resource, parameters = self._resource(path)
        answer = self._app(
            self._event(method, resource, parameters, body, headers or {}, query), None
        )
        return Answer(answer["statusCode"], answer["headers"], answer["body"])

    def event(
        self, method: str, path: str, *, body: str, headers: dict[str, str]
    ) -> dict[str, Any]:
        """The proxy event itself, for those who call the app many times."""
        resource, parameters = self._resource(path)
        return self._event(method, resource, parameters, body, headers, "")

    def _event(
        self,
        method: str,
        resource: str,
        parameters: dict[str, str],
        body: bytes | str | None,
        headers: dict[str, str],
        query: str,
    ) -> dict[str, Any]:
        pairs = [pair.partition("=") for pair in query.split("&") if pair]
        return {
            "resource": resource,
            "headers": headers,
            "multiValueQueryStringParameters": {name: [value] for name, _, value in pairs} or None,
            "pathParameters": parameters,
            "requestContext": {
                "resourcePath": resource,
                "httpMethod": method,
                "requestId": "request-1",
            },
            "body": body,
            "stageVariables": None,
            "isBase64Encoded": False,
        }

    def _resource(self, path: str) -> tuple[str, dict[str, str]]:
        segments = path.split("/")
        for resource in self._app.routes:
            template = resource.split("/")
            if len(template) == len(segments) and all(
                part in (segment, f"{{{part.strip('{}')}}}")
                for part, segment in zip(template, segments, strict=True)
            ):
                return resource, {
                    part.strip("{}"): segment
                    for part, segment in zip(template, segments, strict=True)
                    if part.startswith("{")
                }
        raise LookupError("no such resource")

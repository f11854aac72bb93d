"""Calls the app the way API Gateway's Lambda proxy does, without Chalice's own test client.

That client cannot do OPTIONS and answers unknown paths by itself; the real gateway's events are
simple enough to make here. A route with an authorizer is reached only through it: its policy is
evaluated and its context handed on, as the gateway does.
"""

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from chalice.app import Chalice

from chalicelib.clock import Clock, SystemClock, to_millis

_ARN = "arn:aws:execute-api:ap-southeast-3:000000000000:api/api"


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

    def __init__(self, app: Chalice, clock: Clock | None = None) -> None:
        self._app = app
        self._clock = clock or SystemClock()

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
        event = self._event(method, resource, parameters, body, headers or {}, query)
        authorizer = self._authorizer(resource, method)
        if authorizer is not None:
            context = _authorized(authorizer, method, path, headers or {})
            if isinstance(context, Answer):
                return context
            event["requestContext"]["authorizer"] = context
        answer = self._app(event, None)
        return Answer(answer["statusCode"], answer["headers"], answer["body"])

    def _authorizer(self, resource: str, method: str) -> Any:
        entry = self._app.routes[resource].get(method)
        return entry.authorizer if entry else None

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
                "requestTimeEpoch": to_millis(self._clock.now()),
                "identity": {"sourceIp": "203.0.113.7"},
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


def _authorized(
    authorizer: Any, method: str, path: str, headers: dict[str, str]
) -> dict[str, Any] | Answer:
    """What the authorizer says of the request; the gateway's own answer when it is refused."""
    token = next((value for name, value in headers.items() if name == "authorization"), "")
    if not token:
        return _refused(401, "unauthenticated")
    arn = f"{_ARN}/{method}{path}"
    event = {"type": "TOKEN", "authorizationToken": token, "methodArn": arn}
    try:
        said = authorizer(event, None)
    except Exception as refusal:  # noqa: BLE001  # the gateway looks at the text alone
        return _refused(401 if str(refusal) == "Unauthorized" else 503, "unauthenticated")
    allowed = said["policyDocument"]["Statement"][0]["Resource"]
    if not any(fnmatchcase(arn, pattern) for pattern in allowed):
        return _refused(403, "forbidden")
    return {"principalId": said["principalId"], **said["context"]}


def _refused(status: int, code: str) -> Answer:
    headers = {"content-type": "application/problem+json"}
    return Answer(status, headers, json.dumps({"code": code}))

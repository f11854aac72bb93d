"""One decorator for a route: parse, call, serialise.

A route declares what it takes and gives; the same declaration makes the OpenAPI document. The
function behind it is handed a `Call` and its path parameters and returns a `Reply`; every domain
error on the way becomes a problem here, because Chalice's middleware never sees a view's exception.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chalice.app import Blueprint, Request, Response
from pydantic import BaseModel

from chalicelib.aws import is_passing
from chalicelib.errors import DomainError, FieldError, InvalidInput, Unavailable
from chalicelib.http.bodies import parse_body
from chalicelib.http.headers import request_id
from chalicelib.http.origins import check_origin, cors_headers, preflight_headers
from chalicelib.http.problems import problem, problem_for
from chalicelib.telemetry import log_failure
from chalicelib.wire import Wire

JSON = "application/json"
BEACON = "text/plain"
"""`sendBeacon` and a fetch without preflight send text/plain."""

type SiteOrigins = Callable[[str], frozenset[str]]


class DependencyUnavailable(Unavailable):
    """AWS throttled us or could not be reached, after the SDK's own retries."""

    code = "dependency_unavailable"


@dataclass(frozen=True, slots=True)
class Call[T]:
    """What a route is handed besides its path parameters."""

    body: T
    query: dict[str, str]
    headers: Any

    @property
    def origin(self) -> str | None:
        return self.headers.get("origin")  # type: ignore[no-any-return]  # Chalice's mapping is untyped

    @property
    def gpc(self) -> bool:
        """Whether the Global Privacy Control signal came with the request: exactly `1`."""
        return bool(self.headers.get("sec-gpc") == "1")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a route answers: a model is sent as JSON, a string as it is."""

    content: BaseModel | str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """The declaration of one route, the source of its OpenAPI description."""

    method: str
    path: str
    summary: str
    answers: type[BaseModel] | str
    body: type[Wire] | None = None
    accepts: tuple[str, ...] = (JSON,)
    query: tuple[str, ...] = ()
    statuses: tuple[int, ...] = (200,)


class Routes(Blueprint):
    """A blueprint whose routes are declared as operations.

    With `site_origins` its routes are called by pages: the `Origin` header is checked against the
    site in the path, CORS headers are answered on success and on problems, and each path gets its
    preflight.
    """

    def __init__(self, import_name: str, site_origins: SiteOrigins | None = None) -> None:
        super().__init__(import_name)
        self._site_origins = site_origins
        self.operations: list[Operation] = []

    def operation(self, operation: Operation) -> Callable[[Callable[..., Reply]], None]:
        """Registers the decorated function under `operation`."""

        def register(view: Callable[..., Reply]) -> None:
            self.operations.append(operation)

            def handle(**parameters: str) -> Response:
                return self._handle(operation, view, parameters)

            # Any media type reaches us, so that a wrong one is refused with CORS headers too.
            self.route(
                operation.path,
                methods=[operation.method],
                name=view.__name__,
                content_types=["*/*"],
            )(handle)

        return register

    def preflight(self, path: str) -> None:
        """Answers OPTIONS on `path` for the methods declared so far."""
        methods = ", ".join(each.method for each in self.operations if each.path == path)

        def handle(**parameters: str) -> Response:
            return self._answer_preflight(methods, parameters)

        self.route(path, methods=["OPTIONS"], name=f"preflight {path}")(handle)

    def _handle(
        self, operation: Operation, view: Callable[..., Reply], parameters: dict[str, str]
    ) -> Response:
        request = self.current_request
        cors: dict[str, str] = {}
        try:
            cors = self._admit(request, parameters, changes=operation.method != "GET")
            reply = view(_call(operation, request), **parameters)
        except Exception as error:  # noqa: BLE001  # the one place where anything becomes a problem
            response = _problem_of(error, request)
            response.headers |= cors
            return response
        return _response(reply, cors)

    def _admit(
        self, request: Request, parameters: dict[str, str], *, changes: bool
    ) -> dict[str, str]:
        if self._site_origins is None:
            return {}
        origin = request.headers.get("origin")
        check_origin(origin, self._site_origins(parameters["site"]), required=changes)
        return cors_headers(origin)

    def _answer_preflight(self, methods: str, parameters: dict[str, str]) -> Response:
        request = self.current_request
        try:
            self._admit(request, parameters, changes=True)
        except DomainError as error:
            return problem_for(error)
        origin = request.headers.get("origin")
        return Response("", status_code=204, headers={**preflight_headers(origin, methods)})


def _call(operation: Operation, request: Request) -> Call[Any]:
    body = None
    if operation.body is not None:
        media_type = request.headers.get("content-type", JSON)
        raw = bytes(request.raw_body)  # type: ignore[arg-type]  # always bytes for a REST event
        body = parse_body(operation.body, raw, media_type, operation.accepts)
    query = dict(request.query_params or {})
    if not query.keys() <= set(operation.query):
        raise InvalidInput(FieldError("query", "unknown_parameter"))
    return Call(body, query, request.headers)


def _response(reply: Reply, cors: dict[str, str]) -> Response:
    content = reply.content
    body = content if isinstance(content, str) else content.model_dump_json()
    return Response(
        body, status_code=reply.status, headers={"content-type": JSON, **cors, **reply.headers}
    )


def _problem_of(error: Exception, request: Request) -> Response:
    if isinstance(error, DomainError):
        response = problem_for(error)
        if response.status_code == 500:
            log_failure(error, request_id(request))
        return response
    log_failure(error, request_id(request))
    if is_passing(error):
        return problem_for(DependencyUnavailable())
    return problem(500, "internal", "Something went wrong on our side")

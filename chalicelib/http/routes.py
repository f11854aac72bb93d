"""One decorator for a route: parse, call, serialise.

A route declares what it takes and gives; the same declaration makes the OpenAPI document. The
function behind it is handed a `Call` and its path parameters and returns a `Reply`; every domain
error on the way becomes a problem here, because Chalice's middleware never sees a view's exception.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, cast

from chalice.app import Blueprint, Chalice, ChaliceAuthorizer, Request, Response
from pydantic import BaseModel

from chalicelib.aws import is_passing
from chalicelib.errors import DomainError, FieldError, InvalidInput, Unavailable
from chalicelib.http.access import (
    ANONYMOUS,
    ANYONE,
    Access,
    Caller,
    FindPerson,
    Platform,
    Staff,
    identify,
)
from chalicelib.http.bodies import MAX_BODY_BYTES, parse_body
from chalicelib.http.headers import request_id
from chalicelib.http.idempotency import key_pattern, keyed_call
from chalicelib.http.origins import (
    check_origin,
    cors_headers,
    preflight_headers,
    public_headers,
)
from chalicelib.http.problems import problem, problem_for
from chalicelib.http.refusals import Refusals
from chalicelib.idempotency.models import KeyedCall
from chalicelib.telemetry import log_failure
from chalicelib.wire import Wire

JSON = "application/json"
BEACON = "text/plain"
"""`sendBeacon` and a fetch without preflight send text/plain."""

type AllowsOrigin = Callable[[str, str], bool]
"""Whether pages of an origin (second) may speak for a site (first)."""
type Answer = Callable[[Request, dict[str, str]], Response]


class DependencyUnavailable(Unavailable):
    """AWS throttled us or could not be reached, after the SDK's own retries."""

    code = "dependency_unavailable"


@dataclass(frozen=True, slots=True)
class Call[T]:
    """What a route is handed besides its path parameters."""

    body: T
    query: dict[str, str]
    headers: Any
    caller: Caller = ANONYMOUS
    source_ip: str = ""
    """The caller's address as API Gateway saw it; only ever used as a blind index."""
    keyed: KeyedCall | None = None
    """The call under its `Idempotency-Key`, if it has one and the operation takes one."""
    raw: bytes = field(default=b"", repr=False)
    """The body as it came, octet by octet: what a signature is over."""

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
    """The declaration of one route, the source of its OpenAPI description.

    `parameters` gives path and query parameters their JSON schema; those without one are strings,
    `limit` has its own. `headers` names the request headers that matter: `Origin` (added for
    pages), `Sec-GPC`, `Idempotency-Key`. Among `statuses`, 304 brings `If-None-Match` along.
    `access` says who may call. An `idempotent` operation takes `Idempotency-Key`. `longest` is the
    longest body, in bytes. With `exact_path` a parameter of the path that is not what `parameters`
    declares is refused before anything else; without, the service knows nothing of it. `refusals`
    words problems where a protocol has its own format for them.
    """

    method: str
    path: str
    summary: str
    answers: type[BaseModel] | str
    body: type[Wire] | None = None
    accepts: tuple[str, ...] = (JSON,)
    query: tuple[str, ...] = ()
    statuses: tuple[int, ...] = (200,)
    description: str = ""
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    headers: tuple[str, ...] = ()
    access: Access = ANYONE
    idempotent: bool = False
    exact_path: bool = False
    longest: int = MAX_BODY_BYTES
    refusals: Refusals | None = None


class Routes(Blueprint):
    """A blueprint whose routes are declared as operations.

    With `allows_origin` its routes are called by pages: the `Origin` header is checked against the
    site in the path, CORS headers are answered on success and on problems, and each path gets its
    preflight. Without, what anyone may get without a token any page may read, and nothing else:
    pages of other origins neither change anything nor see what a token opens. `find_person` is
    needed where an operation's access is `Person`; `guard`, the authorizer that app.py sets, where
    it is `Staff` or `Platform`.
    """

    def __init__(
        self,
        import_name: str,
        allows_origin: AllowsOrigin | None = None,
        find_person: FindPerson | None = None,
    ) -> None:
        super().__init__(import_name)
        self._allows_origin = allows_origin
        self._find_person = find_person
        self._handlers: list[tuple[Operation, str, Callable[..., Response]]] = []
        self.operations: list[Operation] = []
        self.guard: ChaliceAuthorizer | None = None

    def operation(self, operation: Operation) -> Callable[[Callable[..., Reply]], None]:
        """Registers the decorated function under `operation`."""

        def register(view: Callable[..., Reply]) -> None:
            self.operations.append(self._declared(operation))

            def answer(request: Request, parameters: dict[str, str]) -> Response:
                caller = identify(operation.access, request, self._find_person)
                if operation.exact_path:
                    _check_parameters(operation, parameters)
                return _response(view(_call(operation, request, caller), **parameters))

            def handle(**parameters: str) -> Response:
                return self._handle(answer, parameters, operation)

            self._handlers.append((operation, view.__name__, handle))

        return register

    def register(self, app: Chalice, options: dict[str, Any]) -> None:
        """Chalice's hook: the declared routes become the app's."""
        for operation, name, handle in self._handlers:
            guarded = isinstance(operation.access, Staff | Platform)
            if guarded and self.guard is None:
                raise ValueError(f"{operation.path} has no authorizer in front of it")
            # Any media type reaches us, so that a wrong one is refused with CORS headers too.
            self.route(
                operation.path,
                methods=[operation.method],
                name=name,
                content_types=["*/*"],
                authorizer=self.guard if guarded else None,
            )(handle)
        super().register(app, options)

    def preflight(self, path: str) -> None:
        """Answers OPTIONS on `path` for the methods declared so far."""
        methods = ", ".join(each.method for each in self.operations if each.path == path)

        def answer(request: Request, _parameters: dict[str, str]) -> Response:
            headers = preflight_headers(request.headers.get("origin"), methods)
            return Response("", status_code=204, headers={**headers})

        def handle(**parameters: str) -> Response:
            return self._handle(answer, parameters)

        self.route(path, methods=["OPTIONS"], name=f"preflight {path}", content_types=["*/*"])(
            handle
        )

    def _declared(self, operation: Operation) -> Operation:
        if self._allows_origin is None:
            return operation
        return replace(operation, headers=("Origin", *operation.headers))

    def _handle(
        self, answer: Answer, parameters: dict[str, str], operation: Operation | None = None
    ) -> Response:
        request = self.current_request
        cors: dict[str, str] = {}
        try:
            cors = self._admit(request, parameters, operation)
            response = answer(request, parameters)
        except Exception as error:  # noqa: BLE001  # the one place where anything becomes a problem
            response = _problem_of(error, request)
            if operation is not None and operation.refusals is not None:
                response = operation.refusals.worded(response)
        # The answer's own headers win.
        response.headers = {**cors, **response.headers}
        return response

    def _admit(
        self, request: Request, parameters: dict[str, str], operation: Operation | None
    ) -> dict[str, str]:
        """CORS headers of the answer; `operation` is None for a preflight."""
        reads = operation is not None and operation.method == "GET"
        if self._allows_origin is None:
            shared = operation is not None and reads and operation.access == ANYONE
            return public_headers() if shared else {}
        origin = cast("str | None", request.headers.get("origin"))
        is_allowed = partial(self._allows_origin, parameters["site"])
        check_origin(origin, is_allowed, required=not reads)
        return cors_headers(origin)


def _check_parameters(operation: Operation, parameters: Mapping[str, str]) -> None:
    """Raises `InvalidInput` for a parameter of the path that is not what the operation declares."""
    for name, value in parameters.items():
        pattern = operation.parameters.get(name, {}).get("pattern")
        if pattern is not None and not re.fullmatch(pattern, value):
            raise InvalidInput(FieldError(name, "wrong_format"))


def _call(operation: Operation, request: Request, caller: Caller) -> Call[Any]:
    body, raw = None, b""
    if operation.body is not None:
        raw = _raw_body(request)
        # Without one it is refused: a page of any origin may send that without a preflight.
        media_type = request.headers.get("content-type", "")
        body = parse_body(operation.body, raw, media_type, operation.accepts, operation.longest)
    query = dict(request.query_params or {})
    if not query.keys() <= set(operation.query):
        raise InvalidInput(FieldError("query", "unknown_parameter"))
    source_ip = str((request.context.get("identity") or {}).get("sourceIp", ""))
    name = f"{operation.method} {operation.path}"
    keyed = None
    if operation.idempotent:
        keyed = keyed_call(name, request, body, caller, key_pattern(operation.access))
    return Call(body, query, request.headers, caller, source_ip, keyed, raw)


def _raw_body(request: Request) -> bytes:
    try:
        return bytes(request.raw_body)  # type: ignore[arg-type]  # always bytes for a REST event
    except UnicodeEncodeError:
        # A lone surrogate, which the event's JSON can spell and UTF-8 cannot: as these bytes it
        # reaches the parser, which refuses it like any other that is no UTF-8.
        return str(request.to_original_event()["body"]).encode("utf-8", "surrogatepass")


def _response(reply: Reply) -> Response:
    content = reply.content
    body = content if isinstance(content, str) else content.model_dump_json()
    return Response(body, status_code=reply.status, headers={"content-type": JSON, **reply.headers})


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

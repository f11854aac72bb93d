"""What the API says about itself."""

from collections.abc import Callable
from functools import cache

from chalicelib import __version__
from chalicelib.http.routes import JSON, Call, Operation, Reply, Routes
from chalicelib.wire import Answer

GPC_SUPPORTED_SINCE = "2026-11-23"


class Health(Answer):
    """`GET /v1/health`."""

    status: str
    version: str


class GpcSupport(Answer):
    """The Global Privacy Control support resource."""

    gpc: bool
    lastUpdate: str  # noqa: N815  # the specification's name


class Jwk(Answer):
    """A public key (RFC 7517); `kid` is its RFC 7638 thumbprint, `jaga_for` what it vouches for."""

    kty: str
    crv: str
    x: str
    y: str
    kid: str
    alg: str
    use: str
    jaga_for: str


class Jwks(Answer):
    """The keys that signatures of ours are checked with."""

    keys: tuple[Jwk, ...]


type SigningKeys = Callable[[], list[dict[str, str]]]


def meta_routes(others: Callable[[], list[Operation]], signing_keys: SigningKeys) -> Routes:
    """Health, OpenAPI (of itself and `others`), the GPC support resource and the public keys."""
    routes = Routes(__name__)

    @routes.operation(Operation("GET", "/v1/health", "Whether the API answers", Health))
    def health(_call: Call[None]) -> Reply:
        return Reply(Health(status="ok", version=__version__))

    @routes.operation(
        Operation("GET", "/.well-known/gpc.json", "Support of Global Privacy Control", GpcSupport)
    )
    def gpc_support(_call: Call[None]) -> Reply:
        return Reply(GpcSupport(gpc=True, lastUpdate=GPC_SUPPORTED_SINCE))

    @routes.operation(
        Operation("GET", "/.well-known/jwks.json", "The public keys of our signatures", Jwks)
    )
    def public_keys(_call: Call[None]) -> Reply:
        return Reply(Jwks(keys=tuple(Jwk(**each) for each in signing_keys())))

    @routes.operation(Operation("GET", "/v1/openapi.json", "This document", JSON))
    def openapi(_call: Call[None]) -> Reply:
        return Reply(document())

    @cache
    def document() -> str:
        from chalicelib.http.openapi import openapi_document  # noqa: PLC0415  # few ever ask for it

        return openapi_document([*routes.operations, *others()])

    return routes

"""Below which paths the routes of each capability are, and how they are imported.

What visitors' pages call is imported with the app, everything else when it is first asked for: so
what a new operation costs, its models above all, no visitor waits for (docs/adr/0010).
"""

from chalicelib.cookies.routes import pages, public
from chalicelib.http.route_table import Capability
from chalicelib.http.routes import Operation, Routes

type Group = tuple[Routes, ...]


def _cookies() -> Group:
    return public, pages


def _identity() -> Group:
    from chalicelib.identity.routes import people

    return (people,)


def _requests() -> Group:
    from chalicelib.requests.copies.routes import copies
    from chalicelib.requests.routes import requests

    return requests, copies


def _staff() -> Group:
    from chalicelib.staff.routes import staff

    return (staff,)


def _staff_requests() -> Group:
    from chalicelib.requests.intake_routes import intake
    from chalicelib.requests.staff_routes import staff_requests

    return staff_requests, intake


def _messages() -> Group:
    from chalicelib.notices.routes import messages

    return (messages,)


def _webhooks() -> Group:
    from chalicelib.connectors.webhooks.routes import webhooks

    return (webhooks,)


def _data_map() -> Group:
    from chalicelib.connectors.datamap.routes import data_map

    return (data_map,)


def _place_answers() -> Group:
    from chalicelib.connectors.remote.routes import place_answers

    return (place_answers,)


def _opendsr() -> Group:
    from chalicelib.opendsr.routes import opendsr

    return (opendsr,)


CAPABILITIES = (
    Capability(_cookies, "/v1/sites"),
    Capability(_identity, "/v1/sessions"),
    Capability(_requests, "/v1/requests"),
    Capability(
        _staff,
        "/v1/staff/account",
        "/v1/staff/audit",
        "/v1/staff/subjects",
        "/v1/platform/account",
    ),
    Capability(_staff_requests, "/v1/staff/requests", "/v1/platform/requests"),
    Capability(_messages, "/v1/staff/messages"),
    Capability(_webhooks, "/v1/staff/webhooks"),
    Capability(_data_map, "/v1/staff/data-map"),
    Capability(_place_answers, "/v1/places"),
    Capability(_opendsr, "/opendsr"),
)
"""In the order of the OpenAPI document."""


def operations() -> list[Operation]:
    """All of them; imports every capability."""
    return [
        operation
        for capability in CAPABILITIES
        for routes in capability.load()
        for operation in routes.operations
    ]

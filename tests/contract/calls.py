"""A call of each operation that is not a site's, as whoever may, doing what it is for."""

import json
from collections.abc import Callable
from typing import Any

from chalicelib.audit.entry import Actor
from chalicelib.http.permissions import Role
from chalicelib.opendsr.__main__ import self_sign
from chalicelib.services import Services
from tests.contract.affected import RECIPIENTS, call_about_affected
from tests.contract.asking import REQUESTS, code_of, letter, make, prove
from tests.contract.consent_calls import BEGINNINGS, call_about_consents
from tests.contract.copying import release_something
from tests.contract.handled import STAFF_REQUESTS, Handled
from tests.contract.holding import call_about_holds
from tests.contract.hooks import EVENT, URL, Hooks
from tests.contract.operations import PARAMETERS
from tests.contract.partners import OPENDSR, Partner, submission
from tests.contract.people import (
    EMAIL,
    SESSIONS,
    VERIFY,
    VOUCHED,
    ask,
    codes,
    id_token,
    provider_vouches,
    signed_in,
)
from tests.contract.remote import System
from tests.contract.retaining import ARCHIVE, CLIENTS, RECORDS, call_about_retained
from tests.contract.schedules import SCHEDULE, call_about_schedules
from tests.contract.stopping import call_about_stopping
from tests.gateway import Answer, Gateway
from tests.maps import DESCRIBED
from tests.tokens import bearer, platform_token, staff_token

type CallAbout = Callable[[Gateway, Services, str, str, str], Answer]

FIND = "/v1/staff/subjects/find"
PLACES = "/v1/places/"
WEBHOOKS = "/v1/staff/webhooks"
DATA_MAP = "/v1/staff/data-map"
OF_DECIDED = {f"{REQUESTS}/{{request_id}}/{what}" for what in ("appeal", "certificate")}
IDENTITY = "/v1/staff/requests/{request_id}/identity"


def call_signed_in(
    gateway: Gateway, services: Services, method: str, path: str, query: str = ""
) -> Answer:
    """Calls the operation with the right token and a body that it takes."""
    if path.startswith(PLACES):
        system = System(services, gateway)
        return system.answer(system.ask(), query)
    about = _about(path)
    if about is not None:
        return about(gateway, services, method, path, query)
    if path.startswith(OPENDSR):
        return _of_partner(gateway, services, method, path + query)
    headers = {"content-type": "application/json", **_token(gateway, services, path)}
    content = _body(gateway, services, path)
    existing = _existing(gateway, services, path)
    if (method, path) == ("GET", DATA_MAP):
        services.data_maps.publish(Actor("operator", "test"), DESCRIBED)
    if path.startswith(f"{DATA_MAP}/versions/"):
        anew = DESCRIBED.replace("name: Shop", f"name: {services.ids.new()}")
        proposed = services.data_maps.propose("01JANOTHER", anew)
        existing = {"version": str(proposed.version.number)}
    if path.startswith(f"{STAFF_REQUESTS}/") and path != IDENTITY:
        made, content = Handled(gateway, services).ready_for(path.rpartition("/")[2])
        existing = {"request_id": made.json()["request_id"], "place": "crm"}
        headers |= _token(gateway, services, path)  # hours have passed
    if path in OF_DECIDED:
        made, content = Handled(gateway, services).ready_for(path.rpartition("/")[2])
        existing = {"request_id": made.json()["request_id"]}
        headers |= bearer(made.json()["tracking_token"])
    elif path.startswith(f"{REQUESTS}/"):
        email = f"{services.ids.new().lower()}@example.test"  # an address gets so many codes
        answer = make(gateway, email=email)
        made = answer.json()
        existing = {"request_id": made["request_id"]}
        headers |= bearer(made["tracking_token"])
        if path.endswith("/export"):
            prove(gateway, answer, code_of(services, email))
            release_something(services, made["request_id"])
            headers |= bearer(signed_in(gateway, services, email))
        content = {"code": code_of(services, email)} if path.endswith("/verify") else {}
    where = path.format(**PARAMETERS | existing)
    return gateway.call(method, where + query, body=json.dumps(content), headers=headers)


def _about(path: str) -> CallAbout | None:
    if path.startswith(RECIPIENTS):
        return call_about_affected
    if "/processors" in path or "/stop-orders" in path:
        return call_about_stopping
    if path.startswith("/v1/staff/holds"):
        return call_about_holds
    if path.startswith(SCHEDULE):
        return call_about_schedules
    if path.startswith((ARCHIVE, RECORDS, CLIENTS, "/v1/staff/retention")):
        return call_about_retained
    return call_about_consents if path.startswith(BEGINNINGS) else None


def _of_partner(gateway: Gateway, services: Services, method: str, path: str) -> Answer:
    self_sign(services)
    partner = Partner(gateway, services.clock)
    if "{" in path:
        partner.submit()
    return partner.call(method, path.format(**PARAMETERS), json.dumps(submission()))


def _token(gateway: Gateway, services: Services, path: str) -> dict[str, str]:
    match path.split("/")[2]:
        case "staff":
            return bearer(staff_token(services.clock, Role.DPO))
        case "platform":
            return bearer(platform_token(services.clock, "requests:write"))
        case "incidents":
            return bearer(platform_token(services.clock, "incidents:write"))
        case "sessions" if path.endswith("/current"):
            return bearer(signed_in(gateway, services))
        case "requests" if path == REQUESTS:  # an address gets so many codes
            return bearer(signed_in(gateway, services, "lister@example.test"))
    return {}


def _existing(gateway: Gateway, services: Services, path: str) -> dict[str, str]:
    if path == IDENTITY:
        email = f"{services.ids.new().lower()}@example.test"
        return {"request_id": make(gateway, email=email).json()["request_id"]}
    if not path.startswith(WEBHOOKS):
        return {}
    return {"endpoint_id": Hooks(services).register().endpoint_id}


def _body(gateway: Gateway, services: Services, path: str) -> Any:
    if path == SESSIONS:
        return {"email": EMAIL, "language": "en"}
    if path == VERIFY:
        ask(gateway)
        return {"email": EMAIL, "code": codes(services)[-1]}
    if path == VOUCHED:
        provider_vouches(services)
        return {"id_token": id_token(services), "language": "en"}
    if path == FIND:
        signed_in(gateway, services)
        return {"email": EMAIL}
    if path == REQUESTS:
        return {"type": "access", "email": "one@example.test", "language": "en"}
    if path.startswith(DATA_MAP):
        return {"yaml": DESCRIBED}
    if path == WEBHOOKS:
        return {"url": URL, "events": [EVENT]}
    return _taken_in(services).get(path, {})


def _taken_in(services: Services) -> dict[str, Any]:
    """Bodies of what staff and platform take in."""
    users = {"type": "access", "client": "PT Maju", "language": "id", "users": [{"user_id": "u"}]}
    return {
        "/v1/staff/requests": letter(services, email="writer@example.test"),
        "/v1/platform/requests": users,
        "/v1/incidents": {"title": "A wrong file was sent"},
        IDENTITY: {"means": "document", "reference": "register 7"},
    }

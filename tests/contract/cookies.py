"""What tests of the cookie endpoints share: bodies, requests, and a look into the table."""

import json
from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.services import Services
from chalicelib.tables.codec import decode
from tests.gateway import Answer, Gateway

ORIGIN = "https://www.jutsoo.test"
PREFERENCES = "/v1/sites/jutsoo/cookie-preferences"
VISITOR = "01JVS1T0R00000000000000001"
EVENT = "01JEVENT000000000000000001"


def body(services: Services, **changes: Any) -> dict[str, Any]:
    notice = services.sites.get("jutsoo").notice
    return {
        "event_id": EVENT,
        "visitor_id": VISITOR,
        "action": "accept_all",
        "choices": {"performance": True, "functional": True},
        "notice_sha256": notice.sha256["en"],
        "language": "en",
        "gpc": False,
        "occurred_at": rfc3339(services.clock.now()),
    } | changes


def post(gateway: Gateway, content: Any, **headers: str) -> Answer:
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    defaults = {"origin": ORIGIN, "content-type": "text/plain;charset=UTF-8"}
    return gateway.call("POST", PREFERENCES, body=text, headers=defaults | headers)


def stored(services: Services) -> list[dict[str, Any]]:
    name = services.settings.preferences_table
    return [decode(item) for item in services.dynamodb.scan(TableName=name)["Items"]]

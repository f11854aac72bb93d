"""What tests of stop orders share: processors with their own way back, and what the staff does."""

import json
from dataclasses import dataclass, field
from typing import Any

from chalicelib.audit.entry import Entity
from chalicelib.clock import rfc3339
from chalicelib.connectors.webhooks.signing import SigningSecret, signed_headers
from chalicelib.consents.stopping.orders import EVENT, stop_entity
from chalicelib.consents.stopping.watching import Report
from chalicelib.notices.messages import Channel
from chalicelib.notices.outbox import message_context, message_scope
from chalicelib.services import Services
from tests.contract.consenting import PURPOSE, Office
from tests.contract.hooks import Hooks, Posted, fresh
from tests.contract.people import mails, records
from tests.gateway import Answer, Gateway
from tests.tokens import staff_token

PROCESSORS = "/v1/staff/processors"
STOP_ORDERS = "/v1/staff/stop-orders"


@dataclass
class Processor:
    """An organisation that processes, with its way back to us."""

    gateway: Gateway
    id: str
    endpoint_id: str
    secret: SigningSecret

    def acknowledge(self, order_id: str, query: str = "", **changes: Any) -> Answer:
        stopped_at = rfc3339(self.gateway._clock.now())
        said = {"stop_order": order_id, "processor": self.id, "stopped_at": stopped_at} | changes
        return self.send(order_id, json.dumps(said).encode(), query)

    def send(self, order_id: str, raw: bytes, query: str = "", **headers: str) -> Answer:
        signed = signed_headers("01JWORD", raw, [self.secret], self.gateway._clock.now())
        return self.gateway.call(
            "POST",
            f"/v1/stop-orders/{order_id}/processors/{self.id}{query}",
            body=raw,
            headers={"content-type": "application/json", **signed, **headers},
        )


def put_client(services: Services, client: Any) -> None:
    """From now on the services talk to DynamoDB through `client`."""
    services.dynamodb = client
    for table in (services.records, services.preferences, services.audit, services.keys):
        table.client = client


@dataclass
class Stops:
    """Processors and people who withdraw."""

    services: Services
    gateway: Gateway
    hooks: Hooks = field(init=False)
    office: Office = field(init=False)

    def __post_init__(self) -> None:
        client = self.services.dynamodb
        self.hooks = Hooks(self.services)
        put_client(self.services, client)  # one that can be listened to (killing.py)
        self.office = Office(self.services, self.gateway)

    def staff(
        self, method: str, path: str, body: object = None, role: str = "dpo", key: str = ""
    ) -> Answer:
        token = staff_token(self.services.clock, role)
        return self.office.call(method, path, token, body, key)

    def processor(self, name: str = "Acme Ledger") -> Processor:
        """A processor with an endpoint of its own."""
        host = name.partition(" ")[0].lower()
        issued = self.hooks.register(f"https://{host}.example.com/stop")
        body = {"name": name, "purposes": [PURPOSE], "endpoint_id": issued.endpoint_id}
        answer = self.staff("POST", PROCESSORS, body)
        assert answer.status == 201, answer.body
        processor_id = answer.json()["processor_id"]
        return Processor(self.gateway, processor_id, issued.endpoint_id, fresh(issued))

    def withdrawn(self) -> str:
        """The id of the record by which somebody new withdrew what they had given."""
        person = self.office.person(f"{self.services.ids.new().lower()}@example.test")
        assert person.decide("given").status == 201
        answer = person.decide("withdrawn")
        assert answer.status == 201, answer.body
        return str(answer.json()["record"]["record_id"])

    def order(self, order_id: str) -> dict[str, Any]:
        answer = self.staff("GET", f"{STOP_ORDERS}/{order_id}")
        assert answer.status == 200, answer.body
        return dict(answer.json())

    def states(self, order_id: str) -> list[str]:
        return [each["state"] for each in self.order(order_id)["receivers"]]

    def waiting(self) -> list[str]:
        """The ids of the orders that the staff is shown."""
        answer = self.staff("GET", STOP_ORDERS)
        assert answer.status == 200, answer.body
        return [each["stop_order"] for each in answer.json()["stop_orders"]]

    def by_hand(self, order_id: str, processor_id: str, how: str = "phone") -> Answer:
        path = f"{STOP_ORDERS}/{order_id}/processors/{processor_id}"
        return self.staff("POST", path, {"how": how}, role="agent")

    def asked(self) -> list[dict[str, Any]]:
        """What processors were told so far, after delivering it."""
        for item in records(self.services):
            if item["et"] == "outbox_message" and item["channel"] == Channel.WEBHOOK:
                self.hooks.deliver(str(item["pk"]).removeprefix("OUTBOX#"))
        bodies = [json.loads(each.body) for each in self.hooks.internet.posted]
        return [body for body in bodies if body["type"] == EVENT]

    def told(self, event_type: str) -> list[tuple[str, dict[str, Any]]]:
        """What of this type waits for the endpoints, opened."""
        return [
            (
                item["endpoint"],
                json.loads(
                    self.services.vault.open(
                        message_scope(item),
                        message_context(self.services.records, item),
                        item["sealed"],
                    )
                ),
            )
            for item in records(self.services)
            if item["et"] == "outbox_message" and item["kind"] == event_type
        ]

    def posted_to(self, processor: Processor) -> list[Posted]:
        """What reached the processor."""
        posted = self.hooks.internet.posted
        return [each for each in posted if processor.id in each.body.decode()]

    def watch(self, remaining_ms: int = 60_000) -> Report:
        return self.services.stop_watcher.run(lambda: remaining_ms)

    def alerted(self) -> list[tuple[str, str]]:
        """The mails of alerts: the address, and the hours that were left."""
        return [
            (mail["to"], mail["values"]["hours"])
            for mail in mails(self.services)
            if "stop_order" in mail["values"]
        ]

    def entries(self, order_id: str, action: str) -> list[dict[str, Any]]:
        """The facts of the order's entries of this kind."""
        history = self.services.trail.history(stop_entity(order_id))
        return [dict(each.facts) for each in history if each.action == f"stop_order.{action}"]

    def raised(self, order_id: str) -> list[tuple[str, str, int]]:
        """From which alert to which the trail says that they were raised."""
        return [
            (each["first"], each["last"], each["count"])
            for each in self.entries(order_id, "alerted")
        ]

    def actions_on(self, processor_id: str) -> list[str]:
        entity = Entity("processor", processor_id)
        return [each.action for each in self.services.trail.history(entity)]


def call_about_stopping(
    gateway: Gateway, services: Services, method: str, path: str, query: str
) -> Answer:
    """Calls one of the operations on processors and stop orders, as whoever may."""
    stops = Stops(services, gateway)
    acme = stops.processor()
    existing = {"processor_id": acme.id, "stop_order": stops.withdrawn()}
    where = path.format(**existing) + query
    if not path.startswith("/v1/staff/"):
        return acme.acknowledge(existing["stop_order"], query)
    bodies = {
        ("POST", PROCESSORS): {
            "name": "Bravo",
            "purposes": [PURPOSE],
            "endpoint_id": acme.endpoint_id,
        },
        ("PUT", PROCESSORS + "/{processor_id}"): {"name": "Acme", "purposes": [PURPOSE]},
        ("POST", STOP_ORDERS + "/{stop_order}/processors/{processor_id}"): {"how": "phone"},
    }
    return stops.staff(method, where, bodies.get((method, path)))

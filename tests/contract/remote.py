"""A connected system that answers later, for tests: asked by webhook, with its own way back."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.connectors.datamap.models import Collection, Dataset, Field, StoreKind
from chalicelib.connectors.datamap.settings import WebhookSettings
from chalicelib.connectors.places import Deed, Seeds
from chalicelib.connectors.remote.asking import EVENTS
from chalicelib.connectors.remote.models import RemoteTask, TaskState
from chalicelib.connectors.remote.place import RemotePlace
from chalicelib.connectors.webhooks.signing import signed_headers, verify
from chalicelib.notices.messages import Channel
from chalicelib.services import Services
from tests.contract.hooks import Hooks, fresh
from tests.contract.people import EMAIL, records
from tests.contract.working import MemoryPlaces
from tests.gateway import Answer, Gateway

CRM = "crm"
DONE = {"verdict": "done", "found": 2, "changed": 2}


@dataclass
class System:
    """The connected system: an endpoint of ours, and its own way back to us."""

    services: Services
    gateway: Gateway

    def __post_init__(self) -> None:
        self.hooks = Hooks(self.services)
        issued = self.hooks.register()
        self.endpoint_id, self.secret = issued.endpoint_id, fresh(issued)
        dataset = Dataset(
            CRM,
            "CRM",
            {"people": Collection("people", {"email": Field("email", identity="email")})},
            kind=StoreKind.WEBHOOK,
            settings=WebhookSettings(kind="webhook", endpoint=self.endpoint_id),
        )
        self.place = RemotePlace(dataset)
        places = MemoryPlaces({CRM: self.place})  # type: ignore[dict-item]  # described alone
        self.services.__dict__["places"] = places

    def ask(self, deed: Deed = Deed.ERASE, request_id: str = "01JREQUEST", **changes: Any) -> str:
        """Asks for a deed on behalf of nobody's request; the task's id."""
        here = self.services
        by = here.clock.now() + timedelta(hours=48)
        task_id = here.ids.new()
        task = RemoteTask(task_id, request_id, CRM, self.endpoint_id, deed, by)
        seeds = Seeds({"people.email": (EMAIL,)})
        here.run_command(lambda: here.remote_deeds.asking(task, seeds, **changes))
        return task_id

    def asked(self) -> list[dict[str, Any]]:
        """What was asked so far, after delivering it; each with a signature that holds."""
        for item in records(self.services):
            if item["et"] == "outbox_message" and item["channel"] == Channel.WEBHOOK:
                self.hooks.deliver(str(item["pk"]).removeprefix("OUTBOX#"))
        for each in self.hooks.internet.posted:
            verify(each.headers, each.body, [self.secret], self.services.clock.now())
        bodies = [json.loads(each.body) for each in self.hooks.internet.posted]
        return [body for body in bodies if body["type"] in EVENTS.values()]

    def answer(self, task_id: str, query: str = "", **changes: Any) -> Answer:
        said = {"place": CRM, "task": task_id, **DONE} | changes
        return self.send(task_id, json.dumps(said).encode(), query)

    def send(
        self, task_id: str, raw: bytes, query: str = "", *, place: str = CRM, **headers: str
    ) -> Answer:
        signed = signed_headers("01JANSWER", raw, [self.secret], self.services.clock.now())
        return self.gateway.call(
            "POST",
            f"/v1/places/{place}/tasks/{task_id}{query}",
            body=raw,
            headers={"content-type": "application/json", **signed, **headers},
        )

    def state(self, task_id: str) -> TaskState:
        task = self.services.remote_tasks.get(task_id)
        assert task is not None
        return task.state

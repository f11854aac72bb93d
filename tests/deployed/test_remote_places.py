"""A place that answers later, on the deployed stack: asked over HTTP, answering as any would."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import standardwebhooks

from chalicelib.connectors.places import Deed, Seeds
from chalicelib.connectors.remote.models import RemoteTask, TaskState
from infra.local.stack import Stack
from tests.deployed.test_webhooks import Api, wait_until
from tests.receiver import Receiver, receiving

CANARY = "canary-of-the-remote-place"
DONE = {"verdict": "done", "found": 1, "changed": 1}


@dataclass
class System:
    """The connected system; it knows the specification and our address, and none of our code."""

    stack: Stack
    http: httpx.Client
    receiver: Receiver
    endpoint_id: str
    webhook: standardwebhooks.Webhook

    def ask(self, deed: Deed) -> str:
        """Asks it for a deed on behalf of nobody's request; the task's id."""
        here = self.stack.services
        task = RemoteTask(
            here.ids.new(),
            here.ids.new(),
            "crm",
            self.endpoint_id,
            deed,
            here.clock.now() + timedelta(hours=48),
        )
        seeds = Seeds({"people.email": (f"{CANARY}@client.test",)})
        here.run_command(lambda: here.remote_deeds.asking(task, seeds))
        return task.task_id

    def asked(self, task_id: str) -> dict[str, Any]:
        """What it was asked, once the event has come and its signature was found to hold."""
        wait_until(lambda: any(task_id.encode() in each.body for each in self.receiver.received))
        event = next(each for each in self.receiver.received if task_id.encode() in each.body)
        verified = self.webhook.verify(event.body, event.headers)
        return dict(verified["data"])

    def answer(
        self, asked: dict[str, Any], said: dict[str, Any], word: str = "1"
    ) -> httpx.Response:
        body = json.dumps({"place": asked["place"], "task": asked["task"], **said})
        now, message_id = datetime.now(UTC), f"msg_{asked['task']}_{word}"
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self.webhook.sign(message_id, now, body),
        }
        return self.http.post(asked["answer_at"], content=body, headers=headers)

    def state(self, task_id: str) -> TaskState:
        task = self.stack.services.remote_tasks.get(task_id)
        assert task is not None
        return task.state


@pytest.fixture
def system(stack: Stack, http: httpx.Client) -> Iterator[System]:
    api = Api(stack)
    with closing(api), receiving() as receiver:
        endpoint_id, secret = api.register(receiver.url)
        yield System(stack, http, receiver, endpoint_id, standardwebhooks.Webhook(secret))


def test_it_is_asked_answers_and_the_worker_takes_the_answer(system: System) -> None:
    task_id = system.ask(Deed.ERASE)
    asked = system.asked(task_id)
    assert asked["find"] == {"people.email": [f"{CANARY}@client.test"]}
    answer = system.answer(asked, DONE)
    assert (answer.status_code, answer.json()) == (200, {"task": task_id})
    wait_until(lambda: system.state(task_id) is TaskState.TAKEN)
    assert system.answer(asked, DONE, "2").status_code == 200
    assert system.state(task_id) is TaskState.TAKEN


def test_another_body_or_secret_is_refused(system: System) -> None:
    asked = system.asked(system.ask(Deed.ERASE))
    system.webhook = standardwebhooks.Webhook("whsec_" + "A" * 43 + "=")
    refused = system.answer(asked, DONE)
    assert (refused.status_code, refused.json()["code"]) == (403, "unverified_webhook")


def test_the_person_is_readable_nowhere(stack: Stack, system: System) -> None:
    asked = system.asked(system.ask(Deed.COPY))
    rows = [{"collection": "people", "values": {"email": f"{CANARY}@client.test"}}]
    assert system.answer(asked, {**DONE, "changed": 0, "rows": rows}).status_code == 200
    time.sleep(6)  # the state is saved every five seconds
    for path in stack.home.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path

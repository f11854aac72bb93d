"""Twenty requests on the deployed stack, their workers killed at random: all twenty end right."""

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.local.stack import Stack
from tests.deployed.test_fulfilment import Person

TYPES = ("deletion", "access", "correction", "restriction")
CORRECTED = {"corrections": {"user.name": "Kenari Dewi"}}
KILLS = 12
PATIENCE_SECONDS = 900  # three leases of a killed worker, and the machine's other work


@pytest.fixture
def impatient(stack: Stack) -> Iterator[None]:
    """The work queue shows a message again soon after its worker died, not after twelve minutes."""
    sqs, url = stack.session.client("sqs"), stack.settings.work_queue_url
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "20"})
    yield
    sqs.set_queue_attributes(QueueUrl=url, Attributes=before["Attributes"])


@pytest.mark.usefixtures("impatient")
def test_twenty_requests_end_right_though_their_workers_are_killed(
    stack: Stack, http: httpx.Client, fresh: str
) -> None:
    chance = random.Random(20)  # noqa: S311  # which workers die, nothing secret
    people = [Person(stack, http, f"{number:02}{fresh[2:]}") for number in range(20)]
    killed, began = 0, time.monotonic()
    waiting: dict[int, Person] = {}
    for number, person in enumerate(people):
        type_ = TYPES[number % len(TYPES)]
        person.ask(type_, **(CORRECTED if type_ == "correction" else {}))
        waiting[number] = person
        killed += kill_a_worker(chance) if number % 3 == 0 else 0
    while waiting:
        assert time.monotonic() - began < PATIENCE_SECONDS, sorted(waiting)
        for number, person in list(waiting.items()):
            status = person.look()["status"]
            if status == "awaiting_approval":
                person.approved()
            elif status in {"completed", "partly_completed"}:
                del waiting[number]
        if killed < KILLS:
            killed += kill_a_worker(chance)
        time.sleep(0.5)
    assert killed >= KILLS // 2
    for number, person in enumerate(people):
        check_ended_right(person, TYPES[number % len(TYPES)])


def check_ended_right(person: Person, type_: str) -> None:
    shown, rows = person.look(), person.rows()
    assert shown["status"] == "completed", type_
    match type_:
        case "deletion":
            assert rows == []
        case "correction":
            assert [row for row in rows if "Kenari Dewi" in row]
        case "access":
            link = person.http.get(f"{person.path}/export", headers=person.session())
            assert link.status_code == 200
    events = [each["event"] for each in shown["timeline"]]
    assert events.count("request.started") == events.count("request.completed") == 1


def kill_a_worker(chance: random.Random) -> int:
    """Kills one of this stack's workers, if any lives: 1, else 0."""
    alive = list(workers())
    if not alive:
        return 0
    try:
        os.kill(chance.choice(alive), signal.SIGKILL)
    except ProcessLookupError:
        return 0
    return 1


def workers() -> Iterator[int]:
    """The processes of `fulfil_requests` among our own children's children."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                environment = (process / "environ").read_bytes()
            except OSError:
                continue
            if b"AWS_LAMBDA_FUNCTION_NAME=jaga-local-FulfilRequests" in environment and _is_ours(
                int(process.name)
            ):
                yield int(process.name)


def _is_ours(pid: int) -> bool:
    """Whether this test's process is an ancestor: other stacks may run on the machine."""
    while pid > 1:
        if pid == os.getpid():
            return True
        try:
            status = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return False
        pid = int(status.rpartition(")")[2].split()[1])
    return False

"""When an event comes again: what an answer means, how pauses grow, what the queue is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.connectors.webhooks.client import LONGEST_SECONDS
from chalicelib.connectors.webhooks.rules import (
    MOST_ATTEMPTS,
    Outcome,
    longest_pause,
    outcome_of,
)
from chalicelib.notices import consumer as consumer_module
from chalicelib.notices.consumer import RECEIVES, Consumer, Later
from chalicelib.notices.outbox_store import LEASE


@pytest.mark.parametrize("status", range(100, 600))
def test_only_a_2xx_is_a_receipt_and_only_410_an_end(status: int) -> None:
    expected = Outcome.SENT if 200 <= status <= 299 else Outcome.AGAIN
    assert outcome_of(status) is (Outcome.GONE if status == 410 else expected)


def test_pauses_double_from_five_seconds_and_stay_within_what_sqs_hides() -> None:
    pauses = [longest_pause(attempts) for attempts in range(1, MOST_ATTEMPTS)]
    assert pauses[:3] == [5, 10, 20]
    assert sorted(pauses) == pauses
    assert max(pauses) == 40_960
    days = sum(pauses) / 2 / 86_400  # drawn evenly from nothing to the longest
    assert 2.5 < days < 3.5


def test_the_queue_does_not_give_up_before_we_do() -> None:
    """Room for as many early copies and dead consumers as there are attempts, thrice."""
    assert MOST_ATTEMPTS * 4 <= RECEIVES


def test_an_attempt_ends_before_its_function_and_that_before_its_lease() -> None:
    config = json.loads((Path(__file__).parents[3] / ".chalice" / "config.json").read_text())
    timeout = config["stages"]["prod"]["lambda_functions"]["send_webhooks"]["lambda_timeout"]
    assert LONGEST_SECONDS + 5 <= timeout < LEASE.total_seconds()


class Sqs:
    """Notes what becomes visible when."""

    def __init__(self) -> None:
        self.hidden: list[tuple[str, int]] = []

    def change_message_visibility(self, **asked: Any) -> None:
        assert asked["QueueUrl"] == "queue"
        self.hidden.append((asked["ReceiptHandle"], asked["VisibilityTimeout"]))


def _event(*bodies: str) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": f"message-{body}",
                "receiptHandle": f"handle-{body}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:ap-southeast-3:000000000000:queue",
                "awsRegion": "ap-southeast-3",
            }
            for body in bodies
        ]
    }


def test_what_is_to_come_later_comes_then_and_is_no_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logged: list[Exception] = []
    monkeypatch.setattr(consumer_module, "log_failure", lambda error, _: logged.append(error))

    def handle(body: str) -> None:
        if body == "late":
            raise Later(41_000)
        if body == "broken":
            raise ValueError

    sqs: Any = Sqs()
    answer = Consumer(sqs, "queue", handle).run(_event("late", "fine", "broken"))
    failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
    assert failed == {"message-late", "message-broken"}
    assert sqs.hidden[0] == ("handle-late", 41_000)
    assert [type(each) for each in logged] == [ValueError]

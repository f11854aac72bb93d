"""AWS calls and capacity of a visitor's write and read, measured on the embedded AWS.

    python -m bench.cookies

The app runs in this process against the deployed tables; every request that leaves it is recorded
below botocore, with the capacity that DynamoDB says it consumed.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import batched
from typing import Any

from app import app
from bench.table import Row, print_table
from chalicelib.clock import SystemClock, rfc3339
from chalicelib.ids import UlidFactory
from chalicelib.services import Services, use
from infra.local.stack import Stack
from tests.gateway import Gateway

PATH = "/v1/sites/jutsoo/cookie-preferences"
FEW, MANY = 10, 10_000
_ids = UlidFactory(SystemClock())


class Recorder:
    """Counts operations and adds up capacity units of the clients it watches."""

    def __init__(self, services: Services) -> None:
        self.calls: Counter[str] = Counter()
        self.units = 0.0
        for client in (services.dynamodb, services.kms):
            events = client.meta.events
            events.register("provide-client-params.dynamodb", self._ask)
            events.register("before-call", self._count)
            events.register("after-call.dynamodb", self._add)

    def reset(self) -> None:
        self.calls.clear()
        self.units = 0.0

    def _ask(self, params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def _count(self, model: Any, **_: Any) -> None:
        self.calls[model.name] += 1

    def _add(self, parsed: dict[str, Any], **_: Any) -> None:
        consumed = parsed.get("ConsumedCapacity", {})
        for each in consumed if isinstance(consumed, list) else [consumed]:
            self.units += each.get("CapacityUnits", 0.0)


def run() -> list[Row]:
    """All rows; takes a minute."""
    with _deployed() as (stack, services, gateway):
        recorder = Recorder(services)
        visitor = _ids.new()
        _post(gateway, stack, services, visitor)  # brings keys and site into memory
        recorder.reset()
        _post(gateway, stack, services, visitor)
        write_calls, write_units = dict(recorder.calls), recorder.units

        recorder.reset()
        services.dynamodb.put_item(
            TableName=stack.tables["preferences"],
            Item={"pk": {"S": _ids.new()}, "sk": {"S": "-"}, "body": {"S": "x" * 300}},
        )
        bare_units = recorder.units

        _add_others(stack, services, FEW)
        few = _read(gateway, recorder, visitor)
        _add_others(stack, services, MANY - FEW)
        many = _read(gateway, recorder, visitor)
    return [
        Row(
            "banner post: DynamoDB writes",
            write_calls.get("PutItem", 0),
            1,
            "bare put_item",
            "calls",
            "1",
        ),
        Row(
            "banner post: all other calls",
            sum(write_calls.values()) - write_calls.get("PutItem", 0),
            0,
            "bare put_item",
            "calls",
            "0",
        ),
        Row("banner post: capacity", write_units, bare_units, "bare put_item", "WCU", "≤ 1"),
        Row(
            f"visitor's choice: calls, {MANY:,} others",
            sum(many[0].values()),
            sum(few[0].values()),
            f"{FEW} others",
            "calls",
            "1",
        ),
        Row(
            f"visitor's choice: capacity, {MANY:,} others",
            many[1],
            few[1],
            f"{FEW} others",
            "RCU",
            "≤ 0.5",
        ),
    ]


@contextmanager
def _deployed() -> Iterator[tuple[Stack, Services, Gateway]]:
    with Stack() as stack:
        services = stack.services
        use(services)
        yield stack, services, Gateway(app)
        use(None)


def _post(gateway: Gateway, stack: Stack, services: Services, visitor: str) -> None:
    body = {
        "event_id": _ids.new(),
        "visitor_id": visitor,
        "action": "save",
        "choices": {"performance": True, "functional": False},
        "notice_sha256": services.sites.get("jutsoo").notice.sha256["id"],
        "language": "id",
        "gpc": True,
        "occurred_at": rfc3339(services.clock.now()),
        "source": "button",
        "banner_build": "0123456789abcdef",
    }
    headers = {"origin": stack.site_url, "content-type": "text/plain", "sec-gpc": "1"}
    assert gateway.call("POST", PATH, body=json.dumps(body), headers=headers).status == 201


def _read(gateway: Gateway, recorder: Recorder, visitor: str) -> tuple[Counter[str], float]:
    recorder.reset()
    assert gateway.call("GET", f"{PATH}/{visitor}").status == 200
    return recorder.calls.copy(), recorder.units


def _add_others(stack: Stack, services: Services, count: int) -> None:
    """Stores choices of `count` other visitors, of the same size, without sealing each."""
    table = stack.tables["preferences"]
    items: Iterator[dict[str, Any]] = (
        {
            "pk": {"S": f"SITE#jutsoo#VISITOR#{_ids.new()}"},
            "sk": {"S": f"EVENT#{_ids.new()}"},
            "sealed": {"B": b"x" * 400},
        }
        for _ in range(count)
    )
    for batch in batched(items, 25, strict=False):
        services.dynamodb.batch_write_item(
            RequestItems={table: [{"PutRequest": {"Item": item}} for item in batch]}
        )


if __name__ == "__main__":
    print_table(run())

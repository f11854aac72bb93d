"""AWS calls and capacity of a visitor's write and read, measured on the embedded AWS.

    python -m bench.cookies

The app runs in this process against the deployed tables; every request that leaves it is recorded
below botocore, with the capacity that DynamoDB says it consumed, and with what it must consume by
the sizes of the items.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from itertools import batched
from typing import Any, Self

from app import app
from bench.capacity import READ_BLOCK, item_bytes, read_units, write_units
from bench.table import Row, print_table
from chalicelib.clock import SystemClock, rfc3339
from chalicelib.cookies.models import Action, Choices, Preference
from chalicelib.cookies.store import PreferenceStore
from chalicelib.ids import UlidFactory
from chalicelib.services import Services, use
from infra.local.stack import Stack
from tests.gateway import Gateway

PATH = "/v1/sites/jutsoo/cookie-preferences"
FEW, MANY = 10, 10_000
_ids = UlidFactory(SystemClock())


class Recorder:
    """Counts operations of the clients it watches, and the capacity of what they read and wrote.

    `units` is what DynamoDB says; `read` and `written` follow from the items' sizes.
    """

    def __init__(self, services: Services) -> None:
        self.reset()
        for client in (services.dynamodb, services.kms):
            events = client.meta.events
            events.register("provide-client-params.dynamodb", self._ask)
            events.register("before-call", self._count)
            events.register("after-call.dynamodb", self._add)

    def reset(self) -> None:
        self.calls: Counter[str] = Counter()
        self.units = 0.0
        self.read = 0.0
        self.written = 0.0
        self.largest = 0
        self._consistent = False

    def take(self) -> Self:
        """What was recorded since the last time."""
        taken = copy(self)
        self.reset()
        return taken

    def _ask(self, params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"
        self._consistent = params.get("ConsistentRead", False)
        if "Item" in params:
            self.written += write_units(params["Item"])
            self.largest = max(self.largest, item_bytes(params["Item"]))

    def _count(self, model: Any, **_: Any) -> None:
        self.calls[model.name] += 1

    def _add(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        consumed = parsed.get("ConsumedCapacity", {})
        for each in consumed if isinstance(consumed, list) else [consumed]:
            self.units += each.get("CapacityUnits", 0.0)
        if model.name == "Query":
            self.read += read_units(parsed["Items"], consistent=self._consistent)


def run() -> list[Row]:
    """All rows; takes a minute."""
    with _deployed() as (stack, services, gateway):
        recorder = Recorder(services)
        visitor = _ids.new()
        _post(gateway, stack, services, visitor)  # brings keys and site into memory
        one = _read(gateway, recorder, visitor)
        recorder.reset()
        _post(gateway, stack, services, visitor)
        write = recorder.take()

        services.dynamodb.put_item(
            TableName=stack.tables["preferences"],
            Item={"pk": {"S": _ids.new()}, "sk": {"S": "-"}, "body": {"S": "x" * 300}},
        )
        bare = recorder.take()
        PreferenceStore(services.preferences, services.vault, lambda *_: []).add(_longest(services))
        longest = recorder.take()

        two = _read(gateway, recorder, visitor)
        _add_others(stack, services, FEW)
        few = _read(gateway, recorder, visitor)
        _add_others(stack, services, MANY - FEW)
        many = _read(gateway, recorder, visitor)
        for _ in range(4):
            _post(gateway, stack, services, visitor)
        six = _read(gateway, recorder, visitor)
        for _ in range(3):
            _post(gateway, stack, services, visitor)
        nine = _read(gateway, recorder, visitor)
    others = sum(write.calls.values()) - write.calls["PutItem"]
    held = READ_BLOCK // write.largest
    name = "bare put_item"
    return [
        Row("banner post: DynamoDB writes", write.calls["PutItem"], 1, name, "calls", "1"),
        Row("banner post: all other calls", others, 0, name, "calls", "0"),
        Row("banner post: capacity, as reported", write.units, bare.units, name, "WCU", "≤ 1"),
        Row("banner post: capacity, by size", write.written, bare.written, name, "WCU", "≤ 1"),
        Row(
            f"longest legal post ({longest.largest} bytes): capacity, by size",
            longest.written,
            bare.written,
            name,
            "WCU",
            "≤ 1",
        ),
        Row(
            f"visitor's choice: calls, {MANY:,} others",
            sum(many.calls.values()),
            sum(few.calls.values()),
            f"{FEW} others",
            "calls",
            "1",
        ),
        Row(
            f"visitor's choice: capacity by size, {MANY:,} others",
            many.read,
            few.read,
            f"{FEW} others",
            "RCU",
            "≤ 0.5",
        ),
        *(
            Row(
                f"a visitor's {count}, where 0.5 RCU holds {held}: capacity by size",
                each.read,
                each.units,
                "as reported",
                "RCU",
                "≤ 0.5" if count <= held else "≤ 1",
            )
            for count, each in ((1, one), (2, two), (6, six), (9, nine))
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


def _longest(services: Services) -> Preference:
    """A choice whose every field is as long as the contract lets it be."""
    now = services.clock.now()
    return Preference(
        record_id=_ids.new(),
        event_id=_ids.new().ljust(64, "0"),
        visitor_id=_ids.new().ljust(64, "0"),
        site="s" * 40,
        action=Action.REJECT_ALL,
        choices=Choices(performance=False, functional=False),
        notice_sha256="0" * 64,
        language="id",
        gpc_script=False,
        gpc_header=False,
        origin="https://".ljust(100, "o"),
        source="button",
        banner_build="0123456789abcdef",
        occurred_at=now,
        recorded_at=now,
    )


def _read(gateway: Gateway, recorder: Recorder, visitor: str) -> Recorder:
    recorder.reset()
    assert gateway.call("GET", f"{PATH}/{visitor}").status == 200
    return recorder.take()


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

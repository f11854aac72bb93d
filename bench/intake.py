"""Round trips and capacity of taking a request in, with warm caches.

    python -m bench.intake

The app runs in this process on moto's tables. Every call that leaves it is counted below botocore,
with the capacity that it must consume by the sizes of the items: in a transaction twice that of a
single write (DynamoDB's developer guide, "Transaction capacity"). The peer stores the request's own
item with one bare PutItem, and does nothing else of what intake does: no code, no mail, no limits,
no key, no entry in the trail.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any, Self

from app import app
from bench.capacity import read_units, write_units
from bench.table import Row, print_table
from chalicelib.identity.allowances import CODES_PER_ADDRESS_AND_NETWORK
from chalicelib.services import Services, use
from tests.contract.asking import make
from tests.contract.office import office
from tests.fakes import FixedClock
from tests.gateway import Gateway

KEY = "2f1c6a54-6d0e-4f0b-9a4b-1f2d3c4b5a69"
PEER = "bare put_item"
SAID = {"name": "Siti Rahma", "country": "DE", "details": "Everything that you have about me."}
_TRANSACTION = 2  # write units for each that a single write takes


class Recorder:
    """Counts the calls of the services' clients, and the capacity of what they read and write."""

    def __init__(self, services: Services) -> None:
        self.reset()
        for client in (services.dynamodb, services.kms):
            events = client.meta.events
            events.register("provide-client-params.dynamodb", self._add)
            events.register("before-call", self._count)

    def reset(self) -> None:
        self.calls: Counter[str] = Counter()
        self.written = 0.0
        self.read = 0.0
        self.request: dict[str, Any] = {}

    def take(self, act: Callable[[], object]) -> Self:
        """What `act` made."""
        self.reset()
        act()
        taken = copy(self)
        self.reset()
        return taken

    def _count(self, model: Any, **_: Any) -> None:
        self.calls[model.name] += 1

    def _add(self, params: dict[str, Any], **_: Any) -> None:
        if "Item" in params:
            self.written += write_units(params["Item"])
        for part in params.get("TransactItems", []):
            item = part.get("Put", {}).get("Item", {})
            if item.get("et") == {"S": "data_request"}:
                self.request = item
            # Counters and conditions are on items of less than 1 KB.
            self.written += _TRANSACTION * write_units(item)
        for asked in params.get("RequestItems", {}).values():
            self.read += len(asked["Keys"]) * read_units([], consistent=asked["ConsistentRead"])


def run() -> list[Row]:
    """All rows."""
    with _office() as (services, gateway):
        recorder = Recorder(services)

        def intake(email: str, **changes: Any) -> Callable[[], None]:
            def act() -> None:
                assert make(gateway, email=email, **SAID, **changes).status == 202

            return act

        intake("first@example.test", key="another-key-of-36-characters-or-so")()  # warms the caches
        plain = recorder.take(intake("siti@example.test"))
        keyed = recorder.take(intake("budi@example.test", key=KEY))
        for _ in range(CODES_PER_ADDRESS_AND_NETWORK.most):
            intake("ani@example.test")()
        capped = recorder.take(intake("ani@example.test"))
        table = services.settings.records_table
        bare = recorder.take(
            lambda: services.dynamodb.put_item(
                TableName=table, Item={**plain.request, "pk": {"S": "BARE"}}
            )
        )
    return [
        Row("intake: round trips", *_trips(plain, bare), PEER, "calls", "≤ 2"),
        Row("intake with Idempotency-Key: round trips", *_trips(keyed, bare), PEER, "calls", "≤ 2"),
        Row(
            "intake, no code any more: round trips",
            *_trips(capped, plain),
            "one with a code",
            "calls",
            "the same",
        ),
        Row("intake: writes, by size", plain.written, bare.written, PEER, "WCU", "no target"),
        Row("intake: reads, by size", plain.read, bare.read, PEER, "RCU", "no target"),
    ]


def _trips(ours: Recorder, peer: Recorder) -> tuple[float, float]:
    return float(ours.calls.total()), float(peer.calls.total())


@contextmanager
def _office() -> Iterator[tuple[Services, Gateway]]:
    clock = FixedClock()
    with office(clock) as services:
        use(services)
        yield services, Gateway(app, clock)
        use(None)


if __name__ == "__main__":
    print_table(run())

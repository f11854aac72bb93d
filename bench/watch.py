"""Read units of a run of the watchers: do they follow what is due, or what is open?

    python -m bench.watch

A hundred requests, and a hundred incidents, are due, once among 1,000 open ones and once among
100,000. Every read of the
run is recorded below botocore, with what it must consume by the sizes of the items that DynamoDB
would have looked at for it. The tables are moto's: filling them is what takes the time.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from bench.capacity import read_units
from bench.table import Row, print_table
from chalicelib.incidents.duties import with_duties
from chalicelib.incidents.models import Awareness, Facts, Incident, Source
from chalicelib.requests.models import Status
from chalicelib.services import Services
from chalicelib.tables.codec import encode
from chalicelib.tables.transactions import Put
from tests.contract.moto_tables import REGION
from tests.contract.office import office
from tests.fakes import FixedClock
from tests.unit.requests.asked import request

DUE, FEW, MANY = 100, 1_000, 100_000


class Reads:
    """Adds up the read units of what a client reads, by the sizes of the items."""

    def __init__(self, services: Services) -> None:
        self.units = 0.0
        self.listing = 0.0
        self._consistent = False
        self._index = False
        events = services.dynamodb.meta.events
        events.register("provide-client-params.dynamodb", self._ask)
        events.register("after-call.dynamodb.GetItem", self._got)
        events.register("after-call.dynamodb.Query", self._queried)

    def _ask(self, params: dict[str, Any], **_: Any) -> None:
        self._consistent = params.get("ConsistentRead", False)
        self._index = params.get("IndexName") == "due"

    def _got(self, parsed: dict[str, Any], **_: Any) -> None:
        found = [parsed["Item"]] if "Item" in parsed else []
        self.units += read_units(found, consistent=self._consistent)

    def _queried(self, parsed: dict[str, Any], **_: Any) -> None:
        # A filter would look at more than it returns: that is paid for as well.
        assert parsed["ScannedCount"] == len(parsed["Items"])
        units = read_units(parsed["Items"], consistent=self._consistent)
        self.units += units
        self.listing += units if self._index else 0.0


@dataclass(frozen=True)
class Watched:
    """What is watched: its name, the prefix of its keys, one of it that came at a moment as the
    store writes it, and the run over all that is due, which says how many it attended to."""

    name: str
    prefix: str
    item: Callable[[Services, datetime], dict[str, Any]]
    run: Callable[[Services], int]


def run() -> list[Row]:
    """All rows; takes a minute."""
    return [row for each in (REQUESTS, INCIDENTS) for row in _rows(each)]


def _rows(what: Watched) -> Iterator[Row]:
    few, many = _reads(what, FEW), _reads(what, MANY)
    name = f"among {FEW:,} open"
    for label, one, other in (
        (f"list of {DUE} due {what.name} among {MANY:,} open: by size", many.listing, few.listing),
        (
            f"run over {DUE} due {what.name} among {MANY:,} open: all reads, by size",
            many.units,
            few.units,
        ),
    ):
        yield Row(f"watcher's {label}", one, other, name, "RCU", "≤ 1.05")


def _reads(what: Watched, count: int) -> Reads:
    """What a run reads with `DUE` of `count` open ones due."""
    with _services(FixedClock()) as services:
        _fill(services, what, count)
        reads = Reads(services)
        assert what.run(services) == DUE
        return reads


@contextmanager
def _services(clock: FixedClock) -> Iterator[Services]:
    with office(clock) as services:
        # The day's keys are in memory, as in a function that has run before.
        _request(services, clock.now())
        code = {"code": "271828", "minutes": "10"}
        services.outbox.mail("sign_in_code", "a@jutsoo.test", "en", code)
        # Built, but not written: moto copies all its tables for each transaction. Only the reads
        # are of interest here.
        services.__dict__["run_command"] = lambda build: build()
        yield services


def _fill(services: Services, what: Watched, count: int) -> None:
    """Puts `count` open ones into the table, of which `DUE` are due."""
    now = services.clock.now()
    due = what.item(services, now - timedelta(hours=24))
    # Of the others only the index could be read: what it does not project is left out, for speed.
    whole = what.item(services, now)
    later = {name: whole[name] for name in ("pk", "sk", "due_pk", "due_sk")}
    backend = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION]
    for number in range(count):
        item = due if number < DUE else later
        each_id = f"01JBENCH{number:018d}"
        moment, _, _ = item["due_sk"]["S"].partition("#")
        changes = {"pk": f"{what.prefix}#{each_id}", "due_sk": f"{moment}#{each_id}"}
        # Past the API, which would take a minute for so many.
        backend.put_item(
            services.settings.records_table,
            item | {name: {"S": value} for name, value in changes.items()},
        )


def _request(services: Services, received_at: datetime) -> dict[str, Any]:
    """An open request."""
    asked = request(Status.OPEN, received_at=received_at)
    *_, written = services._request_store.add_actions(asked)
    return _written(written)


def _incident(services: Services, aware_at: datetime) -> dict[str, Any]:
    """An incident whose clocks run."""
    known = Awareness(aware_at, "01JSTAFF", aware_at, "it is so", "a.b.c")
    facts = Facts(countries=("DE",), clients=("pt-maju",))
    made = Incident(
        "01JBENCH000000000000000000",
        Source.STAFF,
        drill=False,
        reported_by="staff/01JSTAFF",
        recorded_at=aware_at,
        facts=facts,
        awareness=known,
    )
    return _written(services._incident_store.additions(with_duties(made))[0])


def _written(action: object) -> dict[str, Any]:
    """What a write puts, in DynamoDB's JSON."""
    assert isinstance(action, Put)
    return encode(action.item)


REQUESTS = Watched(
    "requests", "REQUEST", _request, lambda here: here.watcher.run(lambda: 600_000).alerted
)
INCIDENTS = Watched(
    "incidents",
    "INCIDENT",
    _incident,
    lambda here: here.incident_watcher.run(lambda: 600_000).alarmed,
)


if __name__ == "__main__":
    print_table(run())

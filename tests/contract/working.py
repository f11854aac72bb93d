"""What tests of fulfilment share: places in memory, and the worker's queue worked by hand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chalicelib.connectors.places import (
    Description,
    Identities,
    Kept,
    Outcome,
    PlaceUnavailable,
    Row,
    Seeds,
    UnknownPlace,
)
from chalicelib.notices.consumer import Later
from chalicelib.notices.messages import Channel, State
from chalicelib.requests.fulfilment.models import Task
from chalicelib.requests.models import DataRequest
from chalicelib.services import Services
from chalicelib.tables.transactions import Action
from tests.contract.asking import code_of, make, prove
from tests.contract.killing import Killed
from tests.contract.people import EMAIL, records
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway

LONGEST = timedelta(hours=1, minutes=5)
"""Longer than any pause of the worker."""


@dataclass
class MemoryPlace:
    """A place that keeps rows by address. `down` counts the calls that it will not answer yet."""

    id: str
    rows_of: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    kept: tuple[Kept, ...] = ()
    down: int = 0
    restricted: set[str] = field(default_factory=set)
    erasures: int = 0

    @property
    def description(self) -> Description:
        return Description(self.id, self.id.title(), "memory", ("rows",))

    def rows(self, seeds: Seeds) -> Iterator[Row]:
        for row in self._found(seeds):
            yield Row("rows", dict(row))

    def erase(self, seeds: Seeds, *, rehearse: bool) -> Outcome:
        found = self._found(seeds)
        if self.kept:
            return Outcome(len(found), 0, self.kept)
        if not rehearse:
            self.erasures += 1
            found_now, found[:] = len(found), []
            return Outcome(found_now, found_now)
        return Outcome(len(found), len(found))

    def correct(self, seeds: Seeds, values: Mapping[str, str], *, rehearse: bool) -> Outcome:
        found = self._found(seeds)
        if not rehearse:
            for row in found:
                row.update(values)
        return Outcome(len(found), len(found))

    def restrict(self, seeds: Seeds, *, rehearse: bool) -> Outcome:
        found = self._found(seeds)
        if not rehearse:
            self.restricted |= set(seeds.values.get("rows.email", ()))
        return Outcome(len(found), len(found))

    def _found(self, seeds: Seeds) -> list[dict[str, Any]]:
        if self.down:
            self.down -= 1
            raise PlaceUnavailable
        (email,) = seeds.values["rows.email"]
        return self.rows_of.get(email, [])


@dataclass
class MemoryPlaces:
    """Places by id."""

    places: dict[str, MemoryPlace]

    def descriptions(self) -> Sequence[Description]:
        return [each.description for each in self.places.values()]

    def locate(self, identities: Identities) -> Mapping[str, Seeds | PlaceUnavailable]:
        return {id_: Seeds({"rows.email": (identities["email"],)}) for id_ in self.places}

    def at(self, place_id: str) -> MemoryPlace:
        if place_id not in self.places:
            raise UnknownPlace
        return self.places[place_id]


@dataclass
class Asked:
    """Notes what places were asked that answer later."""

    tasks: list[Task] = field(default_factory=list)

    def ask(self, _request: DataRequest, task: Task) -> list[Action]:
        self.tasks.append(task)
        return []


def equip(services: Services, *places: MemoryPlace) -> Asked:
    """Puts `places` into the services."""
    asked = Asked()
    services.__dict__["places"] = MemoryPlaces({each.id: each for each in places})
    services.__dict__["asking"] = asked
    return asked


def opened(gateway: Gateway, services: Services, **said: Any) -> Answer:
    """A request made and proved."""
    made = make(gateway, **said)
    assert made.status == 202, made.body
    assert prove(gateway, made, code_of(services, said.get("email", EMAIL))).status == 200
    return made


def waiting(services: Services) -> list[str]:
    """The ids of the work that waits, oldest first."""
    found = [
        item
        for item in records(services)
        if item["et"] == "outbox_message"
        and item["channel"] == Channel.WORK
        and item["state"] in {State.QUEUED, State.SENDING}
    ]
    return [str(item["pk"]).removeprefix("OUTBOX#") for item in sorted(found, key=_order)]


def work(services: Services, clock: FixedClock, most: int = 200) -> None:
    """Does what waits until nothing does, whatever pauses it asks for."""
    for _ in range(most):
        ids = waiting(services)
        if not ids:
            return
        for message_id in ids:
            step(services, message_id)
        if set(waiting(services)) == set(ids):
            clock.advance(LONGEST)
    raise AssertionError("the work does not end")


def step(services: Services, message_id: str) -> None:
    """One delivery of a queue, to a worker that may die over it."""
    try:
        services.worker.deliver(f'{{"id": "{message_id}"}}')
    except (Later, Killed):
        return


def _order(item: Mapping[str, Any]) -> str:
    return str(item["pk"])

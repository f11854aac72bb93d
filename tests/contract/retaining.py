"""What tests of retention share: a shop whose customers stand under it, and the sweep by hand."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from chalicelib.audit.entry import Actor
from chalicelib.clock import rfc3339
from chalicelib.http.permissions import Role
from chalicelib.retention.schedule.text import ScheduleText, standard
from chalicelib.retention.sweeping.models import Run, RunState
from chalicelib.retention.sweeping.sweep import Report
from chalicelib.services import Services
from tests.contract.moto_tables import SESSION, another_container
from tests.contract.shop import DPO, Shop, open_shop
from tests.contract.working import work
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway
from tests.maps import ENUMERABLE
from tests.tokens import bearer, platform_token, staff_token

YEAR = timedelta(days=365, hours=7)
"""12 months from the clock's first hour on: to the end of the day in Jakarta."""
HOURLY = timedelta(hours=1)
LONG = 600_000
"""ms that a sweep has."""


def archiving(amount: int = 2, unit: str = "years") -> ScheduleText:
    """The standard schedule, but that technical data which is not used any more is archived."""
    document = json.loads(standard().canonical())
    (limit,) = [each for each in document["limits"] if each["id"] == "technical_unused"]
    limit |= {"means": "archive", "archived_for": {"amount": amount, "unit": unit}}
    return ScheduleText.model_validate_json(json.dumps(document))


class Retained:
    """Registers records as the platform, asks about them, and runs what runs by itself."""

    def __init__(self, services: Services, gateway: Gateway, clock: FixedClock) -> None:
        self.services = services
        self.gateway = gateway
        self.clock = clock
        self.shop: Shop = _shop(services)
        services.schedules.publish(Actor("operator", "test"), standard())

    def platform(self, method: str, path: str, body: Any = None) -> Answer:
        headers = bearer(platform_token(self.clock, "records:write"))
        return self._call(method, path, body, headers)

    def staff(self, method: str, path: str, body: Any = None, role: Role = Role.DPO) -> Answer:
        return self._call(method, path, body, bearer(staff_token(self.clock, role)))

    def archives(self) -> None:
        """From now on what is not used any more is archived."""
        self.puts_in_force(archiving())

    def puts_in_force(self, schedule: ScheduleText) -> int:
        """The number of another schedule, proposed and approved."""
        services = self.services
        number = services.schedules.propose("01JAUTHOR", schedule).version.number
        work(services, self.clock)  # the preview
        services.schedules.approve("01JOFFICER", number)
        work(services, self.clock)  # the lists
        return number

    def archived(self, *references: str, **said: Any) -> list[str]:
        """The ids of customers who were archived a moment ago."""
        self.archives()
        made = self.register(*references, **said)
        self.later(YEAR)
        self.swept()
        return [str(each["record_id"]) for each in made]

    def register(self, *references: str, **said: Any) -> list[dict[str, Any]]:
        """What came of registering customers of the shop as used now, unless said otherwise."""
        records = [self.said(each, **said) for each in references]
        answer = self.platform("POST", "/v1/records", {"records": records})
        assert answer.status == 200, answer.body
        return list(answer.json()["records"])

    def said(self, reference: str, /, **said: Any) -> dict[str, Any]:
        """The body of one registration."""
        return {
            "reference": reference,
            "place": "shop",
            "collection": "customers",
            "category": "technical",
            "role": "controller",
            "triggers": {"last_used": rfc3339(self.clock.now())},
            **said,
        }

    def declares(self, text: str = ENUMERABLE) -> dict[str, str]:
        """From now on the data map says how customers stand under retention. The body of a call
        that has them enumerated."""
        self.services.data_maps.publish(DPO, text)
        return {"place": "shop", "collection": "customers"}

    def enumerated(self, place: str = "shop", collection: str = "customers") -> dict[str, Any]:
        """How the enumeration stands, after it was ordered and the workers are through."""
        body = {"place": place, "collection": collection}
        made = self.staff("POST", ENUMERATIONS, body)
        assert made.status == 202, made.body
        work(self.services, self.clock)
        shown = self.staff("GET", f"{ENUMERATIONS}/{made.json()['enumeration_id']}")
        assert shown.status == 200, shown.body
        return dict(shown.json())

    def shown(self, record_id: str) -> dict[str, Any]:
        answer = self.platform("GET", f"/v1/records/{record_id}")
        assert answer.status == 200, answer.body
        return dict(answer.json())

    def readable(self, reference: str) -> bool:
        place = {"place": "shop", "collection": "customers", "reference": reference}
        answer = self.platform("POST", "/v1/records/check", {"records": [place]})
        assert answer.status == 200, answer.body
        (view,) = answer.json()["records"]
        return bool(view["readable"])

    def sweep(self) -> Report:
        """One hour's sweep, without its workers."""
        return self.services.sweep.run(lambda: LONG)

    def swept(self) -> Report:
        """One hour's sweep, and its workers until nothing is left to do."""
        report = self.sweep()
        work(self.services, self.clock)
        return report

    def runs(self) -> list[dict[str, Any]]:
        """The runs, the newest first."""
        answer = self.staff("GET", "/v1/staff/retention/sweeps")
        assert answer.status == 200, answer.body
        return list(answer.json()["sweeps"])

    def customers(self) -> list[str]:
        """Ids of those that are still in the shop."""
        return [str(each["id"]) for each in self.shop.rows("customers")]

    def put(self, *references: str) -> None:
        """More customers in the shop."""
        for each in references:
            item = {"id": {"S": each}, "email": {"S": f"{each}@example.test"}}
            self.shop.put("customers", item)

    def hold(self, kind: str, value: str) -> str:
        """The id of a hold that is placed."""
        named = {"user_id": value} if kind == "person" else {"value": value}
        body = {
            "target": {"kind": kind, **named},
            "ground": "A claim is pending.",
            "citation": "Case 7/Pdt.G/2026",
            "review_at": rfc3339(self.clock.now() + timedelta(days=90)),
        }
        answer = self.staff("POST", "/v1/staff/holds", body)
        assert answer.status == 201, answer.body
        return str(answer.json()["hold_id"])

    def release(self, hold_id: str) -> None:
        body = {"reason": "The claim was withdrawn."}
        answer = self.staff("POST", f"/v1/staff/holds/{hold_id}/release", body)
        assert answer.status == 200, answer.body
        work(self.services, self.clock)

    def tripped(self) -> str:
        """The id of a run that stopped itself and waits to be confirmed."""
        sweeps, now = self.services.sweep_runs, self.clock.now()
        run = Run(self.services.ids.new(), now, due=9_999, lag=0, state=RunState.TRIPPED)
        state = replace(sweeps.state(), run_id=run.run_id)
        self.services.run_command(lambda: [sweeps.change_run(run), sweeps.change_state(state)])
        return run.run_id

    def later(self, period: timedelta) -> datetime:
        self.clock.advance(period)
        return self.clock.now()

    def _call(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        content = "" if body is None else json.dumps(body)
        headers = {"content-type": "application/json", **headers}
        return self.gateway.call(method, path, body=content, headers=headers)


def _certify(services: Services, clock: FixedClock) -> None:
    """What the sweep and the workers do for an ended engagement, in containers of their own."""
    others = another_container(services)
    work(others, clock)
    clock.advance(HOURLY)
    others.retention_rounds.run(lambda: LONG)
    work(others, clock)


def _shop(services: Services) -> Shop:
    dynamodb = SESSION.client("dynamodb")
    try:
        return open_shop(services)
    except dynamodb.exceptions.ResourceInUseException:  # an operation called before opened it
        return Shop(dynamodb, SESSION.client("s3"))


RECORDS = "/v1/records"
SWEEPS = "/v1/staff/retention/sweeps"
ENUMERATIONS = "/v1/staff/retention/enumerations"
CLIENTS = "/v1/staff/clients"
ARCHIVE = "/v1/staff/archive"


def call_about_retained(
    gateway: Gateway, services: Services, method: str, path: str, query: str
) -> Answer:
    """Calls an operation on records, sweeps, engagements or the archive, as whoever may."""
    office: Retained | None = services.__dict__.get("_retained")
    if office is None:
        office = Retained(services, gateway, cast("FixedClock", services.clock))
        services.__dict__["_retained"] = office
    if path.startswith(RECORDS):
        said = office.said("c1")
        place = {name: said[name] for name in ("place", "collection", "reference")}
        bodies = {RECORDS: {"records": [said]}, RECORDS + "/check": {"records": [place]}}
        known = office.register("c1")[0]["record_id"] if "{" in path else ""
        return office.platform(method, path.format(record_id=known) + query, bodies.get(path))
    if path.startswith(CLIENTS):
        client = services.ids.new()
        end = {"ended_at": rfc3339(services.clock.now())}
        if method == "GET":
            office.staff("POST", f"{CLIENTS}/{client}/end", end)
            _certify(services, office.clock)
        return office.staff(method, path.format(client=client) + query, end)
    if path.startswith(ARCHIVE):
        customer = services.ids.new()
        office.put(customer)
        # The sweep and the workers have containers of their own.
        apart = Retained(another_container(services), gateway, office.clock)
        (record_id,) = apart.archived(customer)
        return office.staff(method, path.format(record_id=record_id) + query)
    if path.startswith(ENUMERATIONS):
        body = office.declares()
        made = office.staff("POST", ENUMERATIONS, body)
        known = made.json()["enumeration_id"]
        return office.staff(method, path.format(enumeration_id=known) + query, body)
    run_id = office.tripped() if "{" in path else ""
    return office.staff(method, path.format(run_id=run_id) + query)

"""What tests of the retention schedule share: schedules, a stock of records, calls of the staff."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from chalicelib.http.permissions import Role
from chalicelib.retention.schedule.models import Role as Held
from chalicelib.retention.schedule.models import Trigger
from chalicelib.retention.schedule.previewing import SHIFT
from chalicelib.retention.schedule.tally import Standing
from chalicelib.retention.schedule.text import ScheduleText, standard
from chalicelib.services import Services
from tests.contract.working import work
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway
from tests.tokens import STAFF, bearer, staff_claims

SCHEDULE = "/v1/staff/retention/schedule"
AUTHOR = "01JAUTHOR"
OFFICER = "01JOFFICER"
STANDARD: dict[str, Any] = json.loads(standard().canonical())


def document(months: int = 18, name: str = "technical_unused") -> dict[str, Any]:
    """The standard schedule with another period of one of our own choices."""
    limits = [
        {**each, "period": {"amount": months, "unit": "months"}} if each["id"] == name else each
        for each in STANDARD["limits"]
    ]
    return {**STANDARD, "limits": limits}


def text(months: int = 18) -> ScheduleText:
    return ScheduleText.model_validate_json(json.dumps(document(months)))


@dataclass
class FakeStock:
    """Records in pages of `size`. `while_reading` happens before each page is read."""

    records: list[Standing]
    size: int = 2
    while_reading: Callable[[], None] = lambda: None
    asked: list[str | None] = field(default_factory=list)

    def page(self, after: str | None, limit: int) -> tuple[list[Standing], str | None]:
        self.while_reading()
        self.asked.append(after)
        begin = int(after or 0)
        end = begin + min(limit, self.size)
        return self.records[begin:end], str(end) if end < len(self.records) else None


def some_records() -> list[Standing]:
    """Seven records: sign-in data last used in the twelve months' end, or out of it."""
    days = (1, 100, 300, 500, 600, 700, 800)
    now = datetime(2026, 11, 23, 10, tzinfo=UTC)
    return [
        Standing(
            "authentication" if day < 700 else "technical",
            Held.CONTROLLER,
            {Trigger.LAST_USED: now - timedelta(days=day)},
            day == 500,
        )
        for day in days
    ]


def equip(services: Services, **how: Any) -> FakeStock:
    """Puts a stock into the services."""
    stock = FakeStock(some_records(), **how)
    services.__dict__["stock"] = stock
    return stock


def slow_down(stock: FakeStock, clock: FixedClock) -> None:
    """Lets each page take so long that a worker reads three."""
    stock.while_reading = lambda: clock.advance(SHIFT / 3)


def propose_and_count(services: Services, clock: FixedClock, months: int = 18) -> int:
    """The number of a version that somebody may approve."""
    number = services.schedules.propose(AUTHOR, text(months)).version.number
    work(services, clock)
    return number


class Api:
    """Calls as one of the staff."""

    def __init__(
        self, gateway: Gateway, clock: FixedClock, role: Role = Role.ENGINEER, who: str = AUTHOR
    ) -> None:
        self._gateway = gateway
        self._clock = clock
        self._role = role
        self._who = who

    def call(self, method: str, path: str = "", body: Any = None, **headers: str) -> Answer:
        token = bearer(STAFF.sign(staff_claims(self._clock, self._role, sub=self._who)))
        sent = {"content-type": "application/json", **token, **headers}
        content = None if body is None else json.dumps(body)
        return self._gateway.call(method, SCHEDULE + path, body=content, headers=sent)

    def propose(self, schedule: Any, key: str = "", **also: Any) -> Answer:
        headers = {"idempotency-key": key} if key else {}
        return self.call("POST", "/versions", body={"schedule": schedule, **also}, **headers)

    def approve(self, version: int | str) -> Answer:
        return self.call("POST", f"/versions/{version}/approve", body={})

    def preview(self, version: int | str) -> Answer:
        return self.call("GET", f"/versions/{version}/preview")


def call_about_schedules(
    gateway: Gateway, services: Services, method: str, path: str, query: str
) -> Answer:
    """Calls one of the operations on the retention schedule, as the officer."""
    clock = cast("FixedClock", services.clock)
    number = propose_and_count(services, clock)
    where = path.format(version=number).removeprefix(SCHEDULE) + query
    content = {"schedule": document()} if method == "POST" else None
    return Api(gateway, clock, Role.DPO, OFFICER).call(method, where, content)

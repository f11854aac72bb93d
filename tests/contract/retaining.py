"""What tests of retention share: a shop whose customers stand under it, and the sweep by hand."""

import json
from datetime import datetime, timedelta
from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.http.permissions import Role
from chalicelib.retention.sweeping.sweep import Report
from chalicelib.services import Services
from tests.contract.shop import Shop, open_shop
from tests.contract.working import work
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway
from tests.tokens import bearer, platform_token, staff_token

YEAR = timedelta(days=365)  # what 12 months are from the clock's first day on
HOURLY = timedelta(hours=1)
LONG = 600_000
"""ms that a sweep has."""


class Retained:
    """Registers records as the platform, asks about them, and runs what runs by itself."""

    def __init__(self, services: Services, gateway: Gateway, clock: FixedClock) -> None:
        self.services = services
        self.gateway = gateway
        self.clock = clock
        self.shop: Shop = open_shop(services)

    def platform(self, method: str, path: str, body: Any = None) -> Answer:
        headers = bearer(platform_token(self.clock, "records:write"))
        return self._call(method, path, body, headers)

    def staff(self, method: str, path: str, body: Any = None, role: Role = Role.DPO) -> Answer:
        return self._call(method, path, body, bearer(staff_token(self.clock, role)))

    def register(self, *references: str, **said: Any) -> list[dict[str, Any]]:
        """What came of registering customers of the shop as used now, unless said otherwise."""
        records = [self.said(each, **said) for each in references]
        answer = self.platform("POST", "/v1/records", {"records": records})
        assert answer.status == 200, answer.body
        return list(answer.json()["records"])

    def said(self, reference: str, **said: Any) -> dict[str, Any]:
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

    def later(self, period: timedelta) -> datetime:
        self.clock.advance(period)
        return self.clock.now()

    def _call(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        content = "" if body is None else json.dumps(body)
        headers = {"content-type": "application/json", **headers}
        return self.gateway.call(method, path, body=content, headers=headers)

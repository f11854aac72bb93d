"""What tests of the affected share: an incident, the staff's calls, and the list behind them."""

from dataclasses import dataclass
from itertools import batched
from typing import Any

from chalicelib.audit.entry import Actor
from chalicelib.incidents.affected.models import Came, Person
from chalicelib.incidents.affected.store import MOST_AT_ONCE
from chalicelib.incidents.models import Recipient
from chalicelib.services import Services
from chalicelib.tables.transactions import Action
from tests.contract.consenting import Office
from tests.contract.people import records
from tests.gateway import Answer, Gateway
from tests.tokens import STAFF, staff_claims

INCIDENTS = "/v1/staff/incidents"
RECIPIENTS = INCIDENTS + "/{incident_id}/recipients"
OPERATOR = Actor("operator", "test")
DESK = """
dataset:
  - fides_key: desk
    meta: {jaga: {kind: s3, bucket: desk, collections: {tickets: {prefix: "", format: ndjson}}}}
    collections:
      - name: tickets
        fields:
          - {name: from, data_categories: [user.contact.email], fides_meta: {identity: email}}
"""
DINI, OKA = "dini@client.test", "oka@client.test"


@dataclass
class Affected:
    """The privacy team over one incident."""

    services: Services
    gateway: Gateway
    incident_id: str = ""

    def __post_init__(self) -> None:
        answer = self.staff("POST", INCIDENTS, {"title": "A bucket stood open"})
        assert answer.status == 201, answer.body
        self.incident_id = str(answer.json()["incident_id"])

    def staff(
        self, method: str, path: str, body: object = None, key: str = "", role: str = "security"
    ) -> Answer:
        token = STAFF.sign(staff_claims(self.services.clock, role))
        return Office(self.services, self.gateway).call(method, path, token, body, key)

    def call(self, method: str, path: str = "", body: object = None, **how: str) -> Answer:
        """On the incident's recipients."""
        where = f"{INCIDENTS}/{self.incident_id}/recipients{path}"
        return self.staff(method, where, body, **how)

    def put(self, *recipients: dict[str, Any]) -> list[dict[str, str]]:
        """What came of each, of the kind `subjects` where it says none."""
        body = {"recipients": [{"kind": "subjects", **each} for each in recipients]}
        answer = self.call("POST", body=body)
        assert answer.status == 200, answer.body
        return list(answer.json()["recipients"])

    def counts(self) -> dict[str, tuple[int, int]]:
        """By kind how many, and how many without an address; kinds without anybody left out."""
        answer = self.call("GET")
        assert answer.status == 200, answer.body
        return {
            each["kind"]: (each["recipients"], each["without_address"])
            for each in answer.json()["counts"]
            if each["recipients"]
        }

    def listed(self, kind: str = "subjects", limit: int = 100) -> list[dict[str, Any]]:
        """Everybody of the kind, page by page."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            answer = self.call("GET", f"/list?kind={kind}&limit={limit}{cursor}")
            assert answer.status == 200, answer.body
            page = answer.json()
            found += page["recipients"]
            if page["cursor"] is None:
                return found
            cursor = f"&cursor={page['cursor']}"

    def people(self, kind: str = "subjects") -> set[tuple[str | None, str | None]]:
        """User id and address of everybody of the kind."""
        found = self.listed(kind)
        assert len({each["recipient_id"] for each in found}) == len(found)
        return {(each["user_id"], each["email"]) for each in found}

    def ask(self, key: str = "", **question: Any) -> str:
        """The id of a computation over the shop's customers, unless it says otherwise."""
        body = {"place": "shop", "collection": "customers", **question}
        answer = self.call("POST", "/compute", body, key=key)
        assert answer.status == 202, answer.body
        return str(answer.json()["computation_id"])

    def refused(self, **question: Any) -> list[tuple[str, str]]:
        """Fields and codes of a question that is refused."""
        body = {"place": "shop", "collection": "customers", **question}
        answer = self.call("POST", "/compute", body)
        assert answer.status == 422, answer.body
        return [(each["field"], each["code"]) for each in answer.json()["errors"]]

    def look(self, computation_id: str) -> dict[str, Any]:
        answer = self.call("GET", f"/computations/{computation_id}")
        assert answer.status == 200, answer.body
        return dict(answer.json())

    def items(self, item_type: str = "affected_recipient") -> list[dict[str, Any]]:
        return [each for each in records(self.services) if each["et"] == item_type]


def list_many(services: Services, incident_id: str, count: int) -> None:
    """Puts so many subjects on the list as a computation does, in full transactions."""
    people = (Person(Recipient.SUBJECTS, f"person{n}@client.test") for n in range(count))
    now = services.clock.now()
    for some in batched(people, MOST_AT_ONCE, strict=False):

        def build(some: tuple[Person, ...] = some) -> list[Action]:
            return services.affected.adding(incident_id, some, Came.COMPUTED, now).actions

        services.run_command(build)


def call_about_affected(
    gateway: Gateway, services: Services, method: str, path: str, query: str
) -> Answer:
    """Calls one of the operations on the affected, as whoever may."""
    affected = Affected(services, gateway)
    (put,) = affected.put({"email": DINI})
    existing = {"incident_id": affected.incident_id, "recipient_id": put["recipient_id"]}
    tickets = {"place": "desk", "collection": "tickets"}
    if "comput" in path:
        services.data_maps.publish(OPERATOR, DESK)
    if "{computation_id}" in path:
        existing["computation_id"] = affected.ask(**tickets)
    if path.endswith("/settle"):
        failed = (affected.incident_id, existing["computation_id"])
        services.computing_affected.give_up(*failed, "place_unavailable")
    bodies: dict[str, object] = {
        RECIPIENTS: {"recipients": [{"kind": "subjects", "email": OKA}]},
        RECIPIENTS + "/compute": tickets,
        RECIPIENTS + "/{recipient_id}/remove": {"reason": "not affected"},
        RECIPIENTS + "/computations/{computation_id}/settle": {"reason": "nobody was there"},
    }
    body = bodies.get(path) if method == "POST" else None
    return affected.staff(method, path.format(**existing) + query, body)

"""What tests of our own records under retention share."""

from datetime import timedelta
from typing import Any

from chalicelib.retention.own.place import OWN_PLACE, OwnCollection
from chalicelib.services import Services
from chalicelib.tables.codec import decode
from tests.contract.cookies import PREFERENCES, VISITOR, body, post
from tests.contract.moto_tables import SESSION
from tests.contract.people import records
from tests.contract.retaining import Retained
from tests.contract.schedules import document
from tests.contract.working import work
from tests.gateway import Answer, Gateway

DAY_OVER = timedelta(hours=14)
"""From the clock's first hour to the end of its day (UTC)."""
OFFICER = "01JANOTHER"


def choose(gateway: Gateway, services: Services, number: int = 0, **changes: Any) -> Answer:
    """The choice of one of the site's visitors."""
    said = {"event_id": f"01JEVENT{number:018d}", "visitor_id": visitor(number), **changes}
    answer = post(gateway, body(services, **said))
    assert answer.status == 201, answer.body
    return answer


def visitor(number: int) -> str:
    return VISITOR[:-6] + f"{number:06d}"


def state_of(gateway: Gateway, number: int = 0) -> str:
    """What the site hears about a visitor: `decided` while a choice can be read."""
    answer = gateway.call("GET", f"{PREFERENCES}/{visitor(number)}")
    assert answer.status == 200, answer.body
    return str(answer.json()["state"])


def own(services: Services, collection: OwnCollection | None = None) -> list[dict[str, Any]]:
    """Our own records under retention."""
    return [
        item
        for item in records(services)
        if item["et"] == "held_record"
        and item["place"] == OWN_PLACE
        and collection in {None, item["collection"]}
    ]


def days(services: Services) -> list[str]:
    """The scopes of visitors' keys that there are."""
    items = SESSION.client("dynamodb").scan(TableName=services.settings.keys_table)["Items"]
    scopes = (str(decode(item)["pk"]).removeprefix("SCOPE#") for item in items)
    return sorted(scope for scope in scopes if scope.startswith("visitors/"))


def put_in_force(office: Retained, name: str, **period: Any) -> None:
    """A schedule with another period for the limit `name`, proposed by one, approved by another."""
    limits = [
        {**each, "period": period} if each["id"] == name else each for each in document()["limits"]
    ]
    said = {"schedule": {**document(), "limits": limits}}
    answer = office.staff("POST", "/v1/staff/retention/schedule/versions", said)
    assert answer.status == 201, answer.body
    work(office.services, office.clock)  # the preview
    office.services.schedules.approve(OFFICER, answer.json()["version"])
    work(office.services, office.clock)  # the lists

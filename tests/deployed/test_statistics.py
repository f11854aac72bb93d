"""From a decision over HTTP through the tables' streams to the counters, on the deployed stack."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from chalicelib.consents.asking import NOTICE
from chalicelib.consents.statistics.models import Cell, Occurrence, Source
from chalicelib.consents.statistics.store import STATISTICS_CELL, CellStore
from chalicelib.tables.codec import Item
from infra.local.stack import Stack
from tests.deployed.conftest import MakeChoice, invoke
from tests.deployed.mailbox import wait_until
from tests.deployed.sign_in import staff_token
from tests.deployed.test_preferences import post
from tests.deployed.test_sessions import bearer, signed_in
from tests.unit.audit.test_digests import stream_image

PURPOSE = "third_party_integration"
CONSENT = f"/v1/consents/{PURPOSE}"
PATH = "/v1/staff/statistics/consents"


def counters(stack: Stack, day: str) -> dict[str, int]:
    """The counts of a day by cell."""
    items = stack.services.records.query_all(f"STATISTICS#{day}", consistent=True)
    return {str(item["sk"]): int(str(item["n"])) for item in items}


def delivered_again(stack: Stack, function: str, items: list[Item]) -> None:
    """Hands `items` to the deployed function once more."""
    images = [{"NewImage": stream_image(item)} for item in items]
    records: list[Any] = [{"eventName": "INSERT", "dynamodb": each} for each in images]
    invoke(stack, function, {"Records": records})


def test_a_consent_shows_up_in_the_counters_once(
    stack: Stack, http: httpx.Client, fresh: str
) -> None:
    person = signed_in(stack, http, f"{fresh.lower()}@example.test")
    subject = http.get("/v1/consents", headers=person).json()["subject_id"]
    shown = http.get(f"/v1/notices/{NOTICE}").json()["sha256"]["id"]
    site = fresh.lower()  # in whose cells no other test counts
    said = {"notice_sha256": shown, "language": "id", "site": site}
    for state in ("given", "withdrawn"):
        http.put(CONSENT, json={"state": state, **said}, headers=person)
    listed = http.get(CONSENT, headers=person).raise_for_status().json()["records"]
    assert [each["state"] for each in listed] == ["withdrawn", "given"]
    wanted = {
        f"consents#{PURPOSE}#{each['state']}#id#{site}": each["recorded_at"][:10] for each in listed
    }
    wait_until(lambda: all(cell in counters(stack, day) for cell, day in wanted.items()))
    history = list(stack.services.records.query_all(f"CONSENTS#{subject}"))
    assert len(history) == 2
    delivered_again(stack, "CountConsents", history)
    assert [counters(stack, day)[cell] for cell, day in wanted.items()] == [1, 1]


def test_a_cookie_choice_shows_up_in_the_counters_once(
    stack: Stack, http: httpx.Client, choice: MakeChoice
) -> None:
    sent = choice(action="save", choices={"performance": True, "functional": False})
    day, cell = _recorded(http, sent), "cookies#performance#given#en#jutsoo"
    key = f"SITE#jutsoo#VISITOR#{sent['visitor_id']}"
    (item,) = stack.services.preferences.query_all(key)
    performance = Cell(
        date.fromisoformat(day), Source.COOKIES, "performance", "given", "en", "jutsoo"
    )
    waiting = [Occurrence(performance, sent["visitor_id"])]
    wait_until(lambda: not CellStore(stack.services.records).uncounted(waiting))
    assert counters(stack, day)[cell] >= 1
    # Other tests' choices may still arrive; the same one twice would be two more.
    before = _settled(stack, day)
    delivered_again(stack, "CountPreferences", [item, item])
    assert counters(stack, day) == before


def _recorded(http: httpx.Client, sent: dict[str, Any]) -> str:
    return str(post(http, sent).raise_for_status().json()["recorded_at"][:10])


def _settled(stack: Stack, day: str) -> dict[str, int]:
    """The counters once two looks at them agree."""
    seen = counters(stack, day)

    def again() -> dict[str, int] | None:
        nonlocal seen
        before, seen = seen, counters(stack, day)
        return seen if seen == before else None

    return wait_until(again)


def test_the_staff_reads_days_that_are_over(stack: Stack, http: httpx.Client, fresh: str) -> None:
    staff = bearer(staff_token(stack, "engineer"))
    answer = http.get(PATH, params={"limit": "100"}, headers=staff).raise_for_status()
    today = datetime.now(UTC).date()
    assert all(each["day"] < today.isoformat() for each in answer.json()["groups"])
    before = today - timedelta(days=2)
    site = fresh.lower()  # in whose cells no other test counts
    for language, count in (("en", 9), ("id", 10)):
        cell: Item = {"sk": f"consents#{PURPOSE}#given#{language}#{site}", "n": count}
        named = STATISTICS_CELL.stamp({"pk": f"STATISTICS#{before}", **cell})
        stack.services.records.put_new(named)
    asked = {"from": str(before), "to": str(today)}
    groups = http.get(PATH, params=asked, headers=staff).raise_for_status().json()["groups"]
    ours = [each for each in groups if each["site"] == site]
    assert {each["language"]: each["count"] for each in ours} == {"en": None, "id": 10}

"""What tests of statistics share: events of streams, and a look at the counters."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from chalicelib.clock import to_millis
from chalicelib.consents.event_store import CONSENT_EVENT
from chalicelib.services import Services
from chalicelib.tables.codec import Item
from tests.contract.consenting import PURPOSE
from tests.contract.people import records
from tests.fakes import START
from tests.unit.audit.test_digests import stream_image

DAY = START.date().isoformat()


def consent(record_id: str, at: datetime, **changes: Any) -> Item:
    """An event of a consent as its store writes it, `at` being when it was recorded.

    Of somebody of whom there is no other, unless `subject_id` says of whom.
    """
    purpose = changes.pop("purpose", PURPOSE)
    item: Item = {
        "pk": f"CONSENTS#{changes.pop('subject_id', record_id)}",
        "sk": f"EVENT#{purpose}#{record_id}",
        "state": "given",
        "before": "unknown",
        "language": "id",
        "site": "-",
        "at": to_millis(at),
        "sealed": b"\x01sealed",
        **changes,
    }
    return CONSENT_EVENT.stamp(item)


def delivery(items: Iterable[Item], name: str = "INSERT") -> dict[str, Any]:
    """The stream's event that brings `items`."""
    return {
        "Records": [
            {"eventName": name, "dynamodb": {"NewImage": stream_image(item)}} for item in items
        ]
    }


def plain(items: Iterable[Item]) -> Counter[str]:
    """What the counters of `items` have to be: each person once in a cell."""
    people: dict[str, set[str]] = {}
    for item in items:
        day = datetime.fromtimestamp(int(str(item["at"])) / 1000, UTC).date()
        purpose = str(item["sk"]).split("#")[1]
        words = [purpose, *(str(item[name]) for name in ("state", "language", "site"))]
        people.setdefault(f"{day} consents#{'#'.join(words)}", set()).add(str(item["pk"]))
    return Counter({cell: len(them) for cell, them in people.items()})


def counters(services: Services) -> Counter[str]:
    """All counters: `<day> <cell>` and its count."""
    return Counter(
        {
            f"{item['pk'].removeprefix('STATISTICS#')} {item['sk']}": item["n"]
            for item in records(services)
            if item["et"] == "statistics_cell"
        }
    )


def inserted(services: Services, item_type: str) -> list[Item]:
    """The items of `item_type` in the records table."""
    return [item for item in records(services) if item["et"] == item_type]

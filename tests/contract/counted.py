"""What tests of statistics share: events of streams, and a look at the counters."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
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
    """An event of a consent as its store writes it, `at` being when it was recorded."""
    purpose = changes.pop("purpose", PURPOSE)
    item: Item = {
        "pk": "CONSENTS#01JSUBJECT0000000000000000",
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


def plain(items: Sequence[Item], day: str = DAY) -> Counter[str]:
    """What the counters of `items` have to be: each record once, whatever else it says."""
    once = {str(item["sk"]): item for item in items}
    words = [
        (sk.split("#")[1], *(str(item[name]) for name in ("state", "language", "site")))
        for sk, item in once.items()
    ]
    return Counter(f"{day} consents#{'#'.join(each)}" for each in words)


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

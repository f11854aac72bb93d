"""A noted result of version 1, frozen: today's code answers repeats of what that noted."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from chalicelib.audit.digests import item_from_json
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.store import ResultStore
from chalicelib.tables.codec import encode
from chalicelib.tables.table import Table
from tests.fakes import FixedClock

FIXTURES = Path(__file__).parents[1] / "tables" / "fixtures"
CALL = KeyedCall(
    "staff",
    "11111111-2222-4333-8444-555555555555",
    "POST /v1/staff/webhooks",
    "3f1d6c1e-6a52-4d0e-9c3a-0b7f6d2f5a11",
    '[[], {"url": "https://hooks.example.com/jaga", "events": ["request.closed"]}]',
)


def test_idempotency_result_1() -> None:
    text = (FIXTURES / "idempotency_result.1.json").read_text()
    item = item_from_json(json.loads(text))

    class Stored:
        def get_item(self, **asked: Any) -> dict[str, Any]:
            key = {name: encode(item)[name] for name in ("pk", "sk")}
            return {"Item": encode(item)} if asked["Key"] == key else {}

    clock = FixedClock()
    records = Table(cast("Any", Stored()), "records", "jaga-records")
    store = ResultStore(records, clock, lambda: bytes(range(32)))
    result = store.find(CALL)
    assert result == {
        "endpoint_id": "01JENDPOINT000000000000000",
        "previous_valid_until": 1795428000000,
    }
    assert store.addition(CALL, result).item == item
    clock.advance(timedelta(hours=24))
    assert store.find(CALL) is None

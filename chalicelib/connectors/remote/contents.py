"""An answer as JSON, as it is sealed."""

import json
from datetime import date
from typing import Any

from chalicelib.connectors.places import Kept, Outcome, Row, Verdict
from chalicelib.connectors.remote.models import Answered


def answer_to_json(answered: Answered) -> bytes:
    """The answer as it is sealed."""
    outcome = answered.outcome
    values = {
        "verdict": answered.verdict.value,
        "found": outcome.found,
        "changed": outcome.changed,
        "kept": [
            [each.collection, each.rule, each.citation, each.rows, _text(each.until)]
            for each in outcome.kept
        ],
        "rows": [[row.collection, row.values] for row in answered.rows],
    }
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode()


def answer_from_json(plaintext: bytes) -> Answered:
    """What `answer_to_json` wrote."""
    values: dict[str, Any] = json.loads(plaintext)
    kept = tuple(
        Kept(collection, rule, citation, rows, _day(until))
        for collection, rule, citation, rows, until in values["kept"]
    )
    return Answered(
        Verdict(values["verdict"]),
        Outcome(values["found"], values["changed"], kept),
        tuple(Row(*row) for row in values["rows"]),
    )


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None

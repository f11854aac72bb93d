"""What tests of imports share: files of rows, sent and looked at as the platform does."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.services import Services
from tests.contract.consenting import PURPOSE, Office
from tests.contract.people import records
from tests.gateway import Answer
from tests.tokens import platform_token

IMPORTS = "/v1/consents/imports"

type Cells = Mapping[str, str]


class Importer:
    """The client platform, with files."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.shown = office.shown()
        self.decided_at: datetime = office.services.clock.now() - timedelta(days=1)

    @property
    def services(self) -> Services:
        return self.office.services

    def row(self, number: int = 0, **changes: str | None) -> dict[str, str]:
        """A good row, of a person for each number; None takes a field away."""
        row = {
            "user_id": f"user-{number}",
            "email": f"person{number}@example.test",
            "purpose": PURPOSE,
            "state": "given",
            **self.shown,
            "method": "checkbox",
            "channel": "partner",
            "evidence": f"sheet {number}",
            "occurred_at": rfc3339(self.decided_at),
            **changes,
        }
        return {name: cell for name, cell in row.items() if cell is not None}

    def send(
        self, content: str, format_: str = "csv", on_invalid: str = "refuse", key: str = ""
    ) -> Answer:
        body = {"format": format_, "content": content, "on_invalid": on_invalid}
        return self.office.call("POST", IMPORTS, self.token, body, key)

    def take(self, rows: Iterable[Cells], **how: str) -> str:
        """The id of an import that was taken in."""
        answer = self.send(csv_of(rows), **how)
        assert answer.status == 202, answer.body
        return str(answer.json()["import_id"])

    def look(self, import_id: str) -> dict[str, Any]:
        answer = self.office.call("GET", f"{IMPORTS}/{import_id}", self.token)
        assert answer.status == 200, answer.body
        return dict(answer.json())

    @property
    def token(self) -> str:
        return platform_token(self.services.clock, "consents:write")

    def recorded(self) -> Counter[str]:
        """How many events each person's consents have, by subject."""
        events = (item for item in records(self.services) if item["et"] == "consent_event")
        return Counter(str(item["pk"]) for item in events)


def csv_of(rows: Iterable[Cells]) -> str:
    rows = list(rows)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def lines_of(rows: Iterable[Mapping[str, Any]]) -> str:
    return "\n".join(map(json.dumps, rows))

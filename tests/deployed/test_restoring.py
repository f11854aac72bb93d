"""A restored old copy of the deployed stack's tables is made true again by one command."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from chalicelib.retention.__main__ import main
from chalicelib.services import Services, use
from infra.copy_table import Differences, copy_table
from infra.local.stack import Stack
from tests.deployed.sign_in import staff_token
from tests.deployed.test_fulfilment import Person
from tests.deployed.test_retention import REQUESTED, Client
from tests.deployed.test_sessions import bearer

RESTORED = ("records", "keys")


class Backup:
    """What the tables had at this moment, in tables beside them."""

    def __init__(self, stack: Stack, name: str) -> None:
        self._dynamodb = stack.session.client("dynamodb")
        self._tables = {stack.tables[each]: f"{name}-{each}" for each in RESTORED}
        for table, kept in self._tables.items():
            copy_table(self._dynamodb, table, kept)

    def restore(self) -> list[Differences]:
        return [copy_table(self._dynamodb, kept, table) for table, kept in self._tables.items()]

    def drop(self) -> None:
        for kept in self._tables.values():
            self._dynamodb.delete_table(TableName=kept)


@pytest.fixture
def operator(stack: Stack) -> Iterator[Services]:
    """Somebody who comes anew, with the environment of a function."""
    services = Services(stack.settings, create_client=stack.session.client)
    use(services)
    yield services
    use(None)


def test_a_restored_old_copy_is_made_true_by_one_command(
    stack: Stack, http: httpx.Client, fresh: str, operator: Services
) -> None:
    person, client = Person(stack, http, fresh), Client(stack, http)
    person.ask("deletion")
    person.wait_for("awaiting_approval")
    record = client.register(f"{client.name}-a", "technical", request=datetime.now(UTC) - REQUESTED)
    backup = Backup(stack, f"backup-{fresh}")
    try:
        person.approved()
        person.wait_for("completed")
        client.swept_until(record["record_id"], "disposed")
        restored = backup.restore()
        assert all(each.put for each in restored)
        # The restore revived them, and their chains go on in the trail that was not restored.
        assert operator.subjects.holder_of(person.email) is not None
        assert _find(stack, http, person) == 503
        assert main(["replay"]) == 1
        assert operator.subjects.holder_of(person.email) is not None
        assert main(["replay", "--do", "--places"]) == 0
        assert main(["replay"]) == 0
    finally:
        backup.drop()
    assert operator.subjects.holder_of(person.email) is None
    assert _find(stack, http, person) == 404
    assert client.state(record["record_id"]) == "disposed"
    again = client.register(f"{client.name}-a", "technical", request=datetime.now(UTC))
    assert again["problem"] == "record_gone"


def _find(stack: Stack, http: httpx.Client, person: Person) -> int:
    """What the staff hears who look for the person by their address."""
    dpo = bearer(staff_token(stack, "dpo"))
    answer = http.post("/v1/staff/subjects/find", json={"email": person.email}, headers=dpo)
    return answer.status_code

"""The demonstration's client platform: found, copied and erased with the worker's rights."""

import gzip
from collections.abc import Callable
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from chalicelib.connectors.places import Place, Seeds, Verdict
from chalicelib.services import Services
from infra.local.platform.connecting import data_map_text, fill_platform, publish_data_map
from infra.local.platform.logs import BUCKET
from infra.local.platform.people import USERS
from infra.local.platform.tables import TABLES
from infra.local.stack import Stack
from tests.deployed.sign_in import staff_token
from tests.deployed.test_permissions import REFUSALS, _session

WHO = USERS[3]  # other tests take others


@pytest.fixture(scope="module")
def worker(stack: Stack) -> Services:
    """The services with the rights of the function that carries requests out."""
    session = _session(stack, "FulfilRequestsRole")

    def create_client(name: str, **settings: Any) -> Any:
        return session.client(name, endpoint_url=stack.endpoint_url, **settings)  # type: ignore[call-overload]

    return Services(stack.settings, create_client=create_client)


@pytest.fixture(scope="module")
def located(worker: Services) -> dict[str, tuple[Place, Seeds]]:
    found = {}
    for place_id, seeds in worker.places.locate({"email": WHO.email}).items():
        assert isinstance(seeds, Seeds)
        found[place_id] = (worker.places.at(place_id), seeds)
    return found


def texts(stack: Stack) -> str:
    """All that the platform's tables and logs hold, older versions included."""
    dynamodb, s3 = stack.session.client("dynamodb"), stack.session.client("s3")
    found = [str(dynamodb.scan(TableName=table)["Items"]) for table in TABLES]
    for each in s3.list_object_versions(Bucket=BUCKET, Prefix="application/")["Versions"]:
        body = s3.get_object(Bucket=BUCKET, Key=each["Key"], VersionId=each["VersionId"])["Body"]
        found.append(gzip.decompress(body.read()).decode())
    return "\n".join(found)


def test_an_address_leads_to_every_place(located: dict[str, tuple[Place, Seeds]]) -> None:
    assert set(located) == {"jutsoo_platform", "jutsoo_payments", "jutsoo_logs"}
    assert next(iter(located)) == "jutsoo_platform"
    _, seeds = located["jutsoo_logs"]
    assert seeds == Seeds({"requests.user_id": (WHO.user_id,)})
    described = {
        place.description.id: place.description.categories for place, _ in located.values()
    }
    assert {each for categories in described.values() for each in categories} == {
        "business",
        "financial",
        "technical",
        "authentication",
    }


def test_everything_is_copied_and_nothing_of_others(
    located: dict[str, tuple[Place, Seeds]],
) -> None:
    rows = {name: list(place.rows(seeds)) for name, (place, seeds) in located.items()}
    collections = [row.collection for row in rows["jutsoo_platform"]]
    assert {name: collections.count(name) for name in set(collections)} == {
        "companies": 1,
        "users": 1,
        "bank_accounts": 2,
        "credentials": 1,
        "logins": 20,
    }
    assert len(rows["jutsoo_logs"]) == 1000
    said = str(rows)
    assert not [user.name for user in USERS if user is not WHO and user.name in said]


def test_erasure_leaves_what_the_tax_law_keeps_and_the_others(
    stack: Stack, located: dict[str, tuple[Place, Seeds]]
) -> None:
    for name in reversed(located):
        place, seeds = located[name]
        rehearsed = place.erase(seeds, rehearse=True)
        outcome = place.erase(seeds, rehearse=False)
        assert outcome == rehearsed
        kept = {(each.collection, each.rule, each.rows) for each in outcome.kept}
        if name == "jutsoo_platform":
            assert kept == {("bank_accounts", "tax_books", 1)}
        assert outcome.verdict is (Verdict.DONE if name == "jutsoo_logs" else Verdict.RETAINED)
    left = texts(stack)
    assert WHO.email not in left
    assert left.count(WHO.name) == 1  # the holder of the account that is kept
    assert f'"user_id": "{WHO.user_id}"' not in left
    assert all(user.email in left for user in USERS[:2])
    assert left.count('"user_id": "user-2"') == 1000


def test_who_was_erased_does_not_come_back(
    stack: Stack, located: dict[str, tuple[Place, Seeds]]
) -> None:
    assert located
    fill_platform(stack.session)
    assert WHO.email not in texts(stack)


def test_its_data_map_is_in_force_and_shown(stack: Stack) -> None:
    headers = {"authorization": f"Bearer {staff_token(stack, 'engineer')}"}
    shown = httpx.get(f"{stack.api_url}/v1/staff/data-map", headers=headers, timeout=30)
    assert shown.status_code == httpx.codes.OK
    assert shown.json()["yaml"] == data_map_text()
    publish_data_map(stack.services)
    assert stack.services.data_maps.current().number == shown.json()["version"]


def _client(session: boto3.Session, stack: Stack, name: str) -> Any:
    return session.client(name, endpoint_url=stack.endpoint_url)  # type: ignore[call-overload]


KEY = {"user_id": {"S": "user-1"}}
ATTEMPTS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "put a row": ("dynamodb", lambda it: it.put_item(TableName="jutsoo-users", Item=KEY)),
    "read a whole table": ("dynamodb", lambda it: it.scan(TableName="jutsoo-users")),
    "read another table": ("dynamodb", lambda it: it.get_item(TableName="others", Key=KEY)),
    "delete an object": ("s3", lambda it: it.delete_object(Bucket=BUCKET, Key="application/x")),
    "list another bucket": ("s3", lambda it: it.list_objects_v2(Bucket="jaga-artifacts")),
}


@pytest.mark.parametrize("what", ATTEMPTS)
def test_the_worker_may_not(stack: Stack, what: str) -> None:
    name, attempt = ATTEMPTS[what]
    with pytest.raises(ClientError) as refusal:
        attempt(_client(_session(stack, "FulfilRequestsRole"), stack, name))
    assert refusal.value.response["Error"]["Code"] in REFUSALS


@pytest.mark.parametrize("role", ["ApiHandlerRole", "SendMailRole"])
def test_nobody_else_reaches_the_platform(stack: Stack, role: str) -> None:
    session = _session(stack, role)
    with pytest.raises(ClientError) as refusal:
        _client(session, stack, "dynamodb").get_item(TableName="jutsoo-users", Key=KEY)
    assert refusal.value.response["Error"]["Code"] in REFUSALS
    with pytest.raises(ClientError) as refusal:
        _client(session, stack, "s3").list_objects_v2(Bucket=BUCKET)
    assert refusal.value.response["Error"]["Code"] in REFUSALS

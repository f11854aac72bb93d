"""The packaged stack in the embedded AWS: deployed once, shared by every test of this folder."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext

from chalicelib.clock import SystemClock, rfc3339
from chalicelib.ids import UlidFactory
from infra.local.deploy import STACK
from infra.local.stack import Stack
from tests.browser.driver import GPC


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what is in this folder, and nothing else."""
    for item in items:
        if "tests/deployed/" in item.path.as_posix():
            item.add_marker(pytest.mark.deployed)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with Stack() as running:
        yield running


@pytest.fixture
def http(stack: Stack) -> Iterator[httpx.Client]:
    """A client that speaks as the demonstration site's pages do."""
    with httpx.Client(
        base_url=stack.api_url, headers={"origin": stack.site_url}, timeout=30
    ) as client:
        yield client


@pytest.fixture
def fresh() -> str:
    """An id that nobody used before: tests of a shared table do not meet."""
    return UlidFactory(SystemClock()).new()


type MakeChoice = Callable[..., dict[str, Any]]


@pytest.fixture
def choice(http: httpx.Client) -> MakeChoice:
    """Makes bodies of choices for the notice in force."""
    ids = UlidFactory(SystemClock())
    notice = http.get("/v1/sites/jutsoo/notice").json()

    def make(**changes: Any) -> dict[str, Any]:
        return {
            "event_id": ids.new(),
            "visitor_id": ids.new(),
            "action": "accept_all",
            "choices": {"performance": True, "functional": True},
            "notice_sha256": notice["sha256"]["en"],
            "language": "en",
            "gpc": False,
            "occurred_at": rfc3339(datetime.now(UTC)),
        } | changes

    return make


@pytest.fixture
def new_profile(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes fresh profiles, with `gpc=True` one that sends Global Privacy Control."""
    profiles: list[BrowserContext] = []

    def make(*, gpc: bool = False) -> BrowserContext:
        profile = browser.new_context()
        profile.set_default_timeout(15_000)
        if gpc:
            profile.add_init_script(GPC)
            profile.set_extra_http_headers({"Sec-GPC": "1"})
        profiles.append(profile)
        return profile

    yield make
    for profile in profiles:
        profile.close()


def invoke(stack: Stack, logical: str, event: dict[str, Any]) -> None:
    """Invokes a deployed function by its logical id; asserts that it succeeded."""
    resource = stack.session.client("cloudformation").describe_stack_resource(
        StackName=STACK, LogicalResourceId=logical
    )["StackResourceDetail"]
    answer = stack.session.client("lambda").invoke(
        FunctionName=resource["PhysicalResourceId"], Payload=json.dumps(event).encode()
    )
    assert "FunctionError" not in answer, answer["Payload"].read()

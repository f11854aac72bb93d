"""What was recorded survives a restart of `make run`, and the keys with it."""

from pathlib import Path

import httpx

from chalicelib.clock import SystemClock
from chalicelib.ids import UlidFactory
from infra.local.stack import Stack
from tests.deployed.conftest import MakeChoice

PATH = "/v1/sites/jutsoo/cookie-preferences"


def _client(stack: Stack) -> httpx.Client:
    return httpx.Client(base_url=stack.api_url, headers={"origin": stack.site_url}, timeout=30)


def test_a_restart_keeps_records_keys_and_addresses(tmp_path: Path, choice: MakeChoice) -> None:
    visitor = UlidFactory(SystemClock()).new()
    with Stack(tmp_path) as first:
        with _client(first) as http:
            recorded = http.post(PATH, json=choice(visitor_id=visitor))
            assert recorded.status_code == 201
        addresses = (first.api_url, first.site_url, first.settings)
    with Stack(tmp_path, port=first.port) as second:
        assert (second.api_url, second.site_url, second.settings) == addresses
        assert not second.deployment.changed
        with _client(second) as http:
            read = http.get(f"{PATH}/{visitor}").json()
    assert [each["record_id"] for each in read["history"]] == [recorded.json()["record_id"]]

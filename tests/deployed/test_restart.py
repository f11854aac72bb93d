"""What was recorded survives a restart of `make run`; keys, accounts, tokens and mail with it."""

from pathlib import Path

import httpx
from pyotp import TOTP

from chalicelib.clock import SystemClock
from chalicelib.ids import UlidFactory
from chalicelib.notices.messages import State
from infra.local.stack import Stack
from tests.deployed.conftest import MakeChoice
from tests.deployed.sign_in import new_member, platform_token, verified
from tests.deployed.test_mail import queue_code, wait_for_state

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


def test_a_restart_keeps_accounts_and_tokens(tmp_path: Path) -> None:
    with Stack(tmp_path) as first:
        accounts, platform = first.staff, first.platform
        refresh = new_member(first, "agent")[1]
        token = platform_token(first, "consents:check")
    with Stack(tmp_path, port=first.port) as second:
        assert (second.staff, second.platform) == (accounts, platform)
        keys = f"{second.endpoint_url}/{second.settings.platform_pool_id}/.well-known/jwks.json"
        assert verified(token, keys, second.settings.vouch_issuer)
        pool, account = second.staff_pool, second.staff[0]
        assert pool.cognito.get_tokens_from_refresh_token(
            ClientId=pool.client_id, RefreshToken=refresh
        )["AuthenticationResult"]["AccessToken"]
        session = pool.give_password(account.email, account.password)
        code = TOTP(account.totp_secret).now()
        assert pool.give_code(account.email, session, code)["AccessToken"]
    assert (tmp_path / "staff.json").stat().st_mode & 0o777 == 0o600


def test_mail_goes_out_over_a_restart_on_another_port(tmp_path: Path) -> None:
    with Stack(tmp_path) as first:
        before = queue_code(first, "before@example.test", "en", "223606")
    with Stack(tmp_path) as second:
        after = queue_code(second, "bounce+after@simulator.amazonses.com", "en", "244948")
        wait_for_state(second, before, State.SENT)
        wait_for_state(second, after, State.BOUNCED)

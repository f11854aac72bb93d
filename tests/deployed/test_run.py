"""`make run` as the contract describes it: ready, described, stopped by a signal."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from chalicelib.http.permissions import Role
from infra.local.aws import free_ports
from infra.package import ROOT

COMMAND = [sys.executable, "-m", "infra.local"]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A run with its state in `tmp_path`, stopped afterwards if the test did not."""
    environment = os.environ | {"JAGA_HOME": str(tmp_path), "PORT": str(free_ports()[0])}
    with subprocess.Popen(
        COMMAND, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        if process.poll() is None:
            process.terminate()


def _await_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout
    for line in process.stdout:
        if line == "Jaga is ready\n":
            return
    pytest.fail(f"it ended with {process.wait()}")


def test_it_describes_itself_and_stops_at_a_signal(
    started: subprocess.Popen[str], tmp_path: Path
) -> None:
    _await_ready(started)
    described = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert set(described) == {
        "api_url",
        "console_url",
        "endpoint_url",
        "platform",
        "platform_users",
        "region",
        "site_url",
        "staff",
        "staff_pool",
        "tables",
    }
    assert [each["role"] for each in described["staff"]] == list(Role)
    assert set(described["staff"][0]) == {"email", "password", "totp_secret", "role"}
    assert set(described["tables"]) == {"records", "preferences", "audit", "keys"}
    assert httpx.get(f"{described['api_url']}/v1/health", timeout=30).status_code == 200
    page = httpx.get(described["site_url"])
    assert described["api_url"] in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]

    signed_in = subprocess.run(
        [sys.executable, "-m", "infra.local.staff", "auditor"],
        cwd=ROOT,
        env=os.environ | {"JAGA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    account = httpx.get(
        f"{described['api_url']}/v1/staff/account",
        headers={"authorization": f"Bearer {signed_in.stdout.strip()}"},
        timeout=30,
    )
    assert account.json()["roles"] == ["auditor"]

    again = subprocess.run(
        COMMAND,
        cwd=ROOT,
        env=os.environ | {"JAGA_HOME": str(tmp_path / "other"), "PORT": _port(described)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 1
    assert f"port {_port(described)} of 127.0.0.1 is in use" in again.stderr

    started.send_signal(signal.SIGINT)
    assert started.wait(30) == 0
    assert not (tmp_path / "run.json").exists()
    with pytest.raises(httpx.ConnectError):
        httpx.get(described["endpoint_url"])


def test_nobody_but_its_owner_reads_its_state(
    started: subprocess.Popen[str], tmp_path: Path
) -> None:
    _await_ready(started)
    assert tmp_path.stat().st_mode & 0o077 == 0
    for secret in ("run.json", "staff.json"):
        assert (tmp_path / secret).stat().st_mode & 0o077 == 0


def test_it_ends_when_its_description_is_deleted(
    started: subprocess.Popen[str], tmp_path: Path
) -> None:
    _await_ready(started)
    (tmp_path / "run.json").unlink()
    assert started.wait(30) == 0


def test_it_leaves_nothing_running_when_it_is_killed(
    started: subprocess.Popen[str], tmp_path: Path
) -> None:
    _await_ready(started)
    endpoint = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["endpoint_url"]
    started.kill()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{endpoint}/_ministack/health")
        except httpx.TransportError:
            return
        time.sleep(0.2)
    pytest.fail("the embedded AWS still answers")


def _port(described: dict[str, str]) -> str:
    return described["endpoint_url"].rpartition(":")[2]

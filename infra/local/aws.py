"""Starts and stops the embedded AWS, and makes clients that talk to it."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import boto3
import botocore.session

HOST = "127.0.0.1"
REGION = "ap-southeast-3"
ACCOUNT = "000000000000"
PROFILE = "jaga-local"
_SERVICES = (
    "apigateway,cloudformation,cognito-idp,dynamodb,dynamodbstreams,events,iam,kms,lambda,logs,"
    "monitoring,rds-data,s3,secretsmanager,ses,sns,sqs,sts,tagging"
)
_READY_WITHIN = 30.0  # seconds
_STOPPED_WITHIN = 20.0


class PortTaken(Exception):
    """Something listens on the port already; the message names it."""


class EmbeddedAws:
    """One ministack process bound to 127.0.0.1, its state under `home`.

    `home` must be private: the key material of the embedded KMS lies in it.
    """

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Returns when it answers.

        Raises `PortTaken`, or `RuntimeError` when it does not come up.
        """
        require_free(self.port)
        for folder in ("state", "objects", "tmp"):
            (self.home / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        self.home.chmod(0o700)
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "infra.local.embedded"],
                cwd=Path(__file__).parents[2],
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                # A group of its own: the terminal's Ctrl-C comes to us alone, and what the process
                # starts (Lambda workers) can be ended with it.
                start_new_session=True,
            )
        deadline = time.monotonic() + _READY_WITHIN
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"the embedded AWS did not start; see {self.log_file}")
            time.sleep(0.05)

    @property
    def log_file(self) -> Path:
        return self.home / "aws.log"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Ends the process, which saves its state, and whatever it started."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        finally:
            if process.stdin:
                process.stdin.close()
            # Its group holds only what it started itself and did not take along.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def session(self) -> boto3.Session:
        """A session whose every client talks to this process, as the account's root."""
        config = self.home / "aws-config"
        config.write_text(
            f"[profile {PROFILE}]\nregion = {REGION}\nendpoint_url = {self.endpoint_url}\n"
            "aws_access_key_id = test\naws_secret_access_key = test\n",
            encoding="ascii",
        )
        core = botocore.session.Session(profile=PROFILE)
        core.set_config_variable("config_file", str(config))
        core.set_config_variable("credentials_file", os.devnull)
        return boto3.Session(botocore_session=core)

    def _environment(self) -> dict[str, str]:
        # Nothing else of ours: Lambda workers inherit it, and a function must not find on a laptop
        # what it will not find in Lambda.
        inherited = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        return inherited | {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "TMPDIR": str(self.home / "tmp"),
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            # Signatures are checked, and every role may do what its policies say and no more.
            "AUTH": "true",
            "SERVICES": _SERVICES,
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.home / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.home / "objects"),
            "LOG_LEVEL": "INFO",
        }

    def _answers(self) -> bool:
        with contextlib.closing(http.client.HTTPConnection(HOST, self.port, timeout=2)) as probe:
            try:
                probe.request("GET", "/_ministack/ready")
                return probe.getresponse().status == http.client.OK
            except (OSError, http.client.HTTPException):
                return False


def require_free(port: int) -> None:
    """Raises `PortTaken` when something listens on `port`."""
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            raise PortTaken(f"port {port} of {HOST} is in use")


def free_ports() -> tuple[int, int]:
    """Two neighbouring ports that nothing listens on: for the API and for the site."""
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind((HOST, 0))
            port = first.getsockname()[1]
            try:
                second.bind((HOST, port + 1))
            except (OSError, OverflowError):
                continue
            return port, port + 1
    raise RuntimeError("no two neighbouring ports are free")

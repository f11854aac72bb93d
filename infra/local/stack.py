"""The whole stack on this machine: the embedded AWS, what is deployed into it, its site."""

import contextlib
import fcntl
import shutil
import tempfile
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import boto3

from chalicelib.opendsr.__main__ import self_sign
from chalicelib.services import Services
from chalicelib.settings import Settings
from infra.local.accounts import Account, StaffPool
from infra.local.aws import EmbeddedAws, free_ports, require_free
from infra.local.deploy import Deployment, deploy
from infra.local.differences import supplement
from infra.local.platform.connecting import connect_platform, fill_platform, publish_data_map
from infra.local.platform_access import (
    PlatformAccess,
    PlatformUser,
    enrol_platform_user,
    platform_access,
)
from infra.local.site import Site, origins
from infra.local.staff import enrol_staff
from infra.local.verify import verify
from infra.package import build
from infra.seed import Published, seed


class StateInUse(Exception):
    """Another run has the same state directory; the message names it."""


class Stack:
    """Packages, starts, deploys, verifies, seeds; `stop` ends it all.

        with Stack() as stack:
            httpx.get(f"{stack.api_url}/v1/health")

    `home` keeps the state (a new temporary directory, removed afterwards, unless given); the API
    takes `port` and the site the next one (free ones unless given).
    """

    def __init__(self, home: Path | None = None, port: int | None = None) -> None:
        self._is_temporary = home is None
        self.home = home or Path(tempfile.mkdtemp(prefix="jaga-"))
        self.port = port or free_ports()[0]
        self.site_port = self.port + 1
        self.aws = EmbeddedAws(self.home, self.port)
        self.published: Published | None = None
        self.staff: list[Account] = []
        self._site: Site | None = None
        self._deployment: Deployment | None = None
        self._lock: IO[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Brings everything up.

        Raises `PortTaken`, `StateInUse`, `DeploymentFailed`, `Unverified`.
        """
        self.take_home()
        require_free(self.port)
        require_free(self.site_port)
        build()
        self.aws.start()
        self._deployment = deploy(self.session, connect_platform(self.session, self.home))
        supplement(self.session, self._deployment)
        verify(self.session, self._deployment)
        self.staff = enrol_staff(self.staff_pool, self.home / "staff.json")
        self.published = seed(self.services, origins(self.site_port))
        fill_platform(self.session)
        publish_data_map(self.services)
        if self.services.partner_certificates.get() is None:
            self_sign(self.services)
        self._site = Site(self.site_port, self.api_url)
        self._site.start()

    def stop(self) -> None:
        """Ends what was started, in any state of it; the state is saved."""
        if self._site:
            self._site.stop()
            self._site = None
        self.aws.stop()
        if self._lock:
            self._lock.close()
            self._lock = None
        if self._is_temporary:
            shutil.rmtree(self.home, ignore_errors=True)

    @property
    def holds_home(self) -> bool:
        """Whether the state directory is this run's own."""
        return self._lock is not None

    @property
    def deployment(self) -> Deployment:
        """What is deployed. Raises `RuntimeError` before `start`."""
        if self._deployment is None:
            raise RuntimeError("the stack is not started")
        return self._deployment

    @property
    def endpoint_url(self) -> str:
        """The embedded AWS."""
        return self.aws.endpoint_url

    @property
    def api_url(self) -> str:
        """The API, up to and excluding `/v1`."""
        api = self.deployment.outputs["RestAPIId"]
        return f"{self.endpoint_url}/_aws/execute-api/{api}/api"

    @property
    def site_url(self) -> str:
        """The demonstration site, on an origin of its own."""
        return origins(self.site_port)[0]

    @property
    def tables(self) -> dict[str, str]:
        """Logical table name → name."""
        settings = self.settings
        return {
            "records": settings.records_table,
            "preferences": settings.preferences_table,
            "audit": settings.audit_table,
            "keys": settings.keys_table,
        }

    @property
    def staff_pool(self) -> StaffPool:
        """The staff's pool, as its administrator sees it."""
        outputs = self.deployment.outputs
        return StaffPool(
            self.session.client("cognito-idp"), outputs["StaffPoolId"], outputs["StaffClientId"]
        )

    @cached_property
    def platform(self) -> PlatformAccess:
        """The client platform's credential."""
        return platform_access(self.session, self.deployment)

    @cached_property
    def platform_user(self) -> PlatformUser:
        """A user of the platform, to be vouched for."""
        return enrol_platform_user(self.session, self.deployment)

    @cached_property
    def session(self) -> boto3.Session:
        """A session of the account's root; `session.client(…)` talks to the embedded AWS."""
        return self.aws.session()

    @property
    def settings(self) -> Settings:
        """The settings that the deployed functions have."""
        return Settings.from_environment(self.deployment.environment)

    @property
    def services(self) -> Services:
        """The services in this process, on the deployed tables and keys."""
        return Services(self.settings, create_client=self.session.client)

    def take_home(self) -> None:
        """Makes the state directory this run's own; `stop` gives it back. Raises `StateInUse`."""
        if self.holds_home:
            return
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = (self.home / "lock").open("ab")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with contextlib.closing(self._lock):
                self._lock = None
            raise StateInUse(f"{self.home} is used by another run") from None

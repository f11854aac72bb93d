"""The stores that contract tests run against: here moto, in tests/deployed the embedded AWS.

A contract test takes `tables` and `fresh` and assumes neither an empty table nor that it is alone:
`from tests.contract.test_tables import *` runs the same functions against another `tables`.
"""

from collections.abc import Iterator

import pytest

from app import app
from chalicelib.ids import UlidFactory
from chalicelib.services import Services, use
from infra.seed import seed
from tests.contract.cookies import ORIGIN
from tests.contract.moto_tables import SESSION, Tables, moto_tables, share_among_threads
from tests.contract.office import settings_on
from tests.fakes import FixedClock, SequentialIds
from tests.gateway import Gateway
from tests.tokens import gatekeeper
from tests.unit.vault.test_certificates import signer_of


@pytest.fixture
def tables() -> Iterator[Tables]:
    with moto_tables() as made:
        yield made


@pytest.fixture
def fresh() -> str:
    """An id that nobody used before: tests of a shared table do not meet."""
    return UlidFactory(FixedClock()).new()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def services(tables: Tables, clock: FixedClock) -> Iterator[Services]:
    """The whole application on moto, with the demonstration site published."""
    kms = SESSION.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    signing, receipts = (
        kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
        for _ in range(2)
    )
    settings = settings_on(tables, vault_key=key, signing_key=signing, receipt_key=receipts)
    built = Services(settings, clock=clock, ids=SequentialIds(), create_client=SESSION.client)
    built.gatekeeper = gatekeeper(clock)
    built.partner_signer = signer_of()
    seed(built, [ORIGIN])
    use(built)
    yield built
    use(None)


@pytest.fixture
def racing(services: Services) -> Services:
    """The services with tables that threads may share."""
    share_among_threads(services)
    return services


@pytest.fixture
def gateway(services: Services) -> Gateway:
    return Gateway(app, services.clock)

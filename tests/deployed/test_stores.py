"""The contract tests of tables and trail again, on the tables of the deployed stack."""

import pytest

from infra.local.stack import Stack
from tests.contract.moto_tables import Tables
from tests.contract.test_tables import *  # noqa: F403  # the same functions, another fixture
from tests.contract.test_trail import *  # noqa: F403


@pytest.fixture
def tables(stack: Stack) -> Tables:
    """The deployed tables, which other tests use as well."""
    services = stack.services
    return Tables(
        services.records,
        services.preferences,
        services.audit,
        services.keys,
        services.s3,
        services.settings.trail_bucket,
    )

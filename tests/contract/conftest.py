"""The stores that contract tests run against: here moto, in tests/deployed the embedded AWS.

A contract test takes `tables` and `fresh` and assumes neither an empty table nor that it is alone:
`from tests.contract.test_tables import *` runs the same functions against another `tables`.
"""

from collections.abc import Iterator

import pytest

from chalicelib.ids import UlidFactory
from tests.contract.moto_tables import Tables, moto_tables
from tests.fakes import FixedClock


@pytest.fixture
def tables() -> Iterator[Tables]:
    with moto_tables() as made:
        yield made


@pytest.fixture
def fresh() -> str:
    """An id that nobody used before: tests of a shared table do not meet."""
    return UlidFactory(FixedClock()).new()

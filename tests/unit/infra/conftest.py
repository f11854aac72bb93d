"""The template as `make package` builds it, once."""

import json

import pytest

from infra.package import TEMPLATE, build
from infra.rules.document import Template


@pytest.fixture(scope="session")
def packaged() -> Template:
    """The packaged template; a test that changes it works on a copy."""
    build()
    return Template(json.loads(TEMPLATE.read_text(encoding="utf-8")))

"""What seeding asks of the policy, and what asking costs at import."""

import subprocess
import sys
from datetime import timedelta

import pytest

from chalicelib.cookies.models import RETENTION
from chalicelib.inventory import service
from chalicelib.inventory.policy import PolicyInvalid, load, policy
from tests.unit.inventory.conftest import Edit
from tests.unit.inventory.source import ROOT

# Reports every TOML file opened and whether pydantic came in, while the modules are imported.
PROBE = """
import sys
opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
import {module}
print([name for name in opened if name.endswith(".toml")],
      "chalicelib.inventory.terms" in sys.modules)
"""


def probe(module: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", PROBE.format(module=module)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.strip()


def test_cookie_types_are_those_of_the_contract_in_order() -> None:
    assert [kind.id for kind in service.cookie_types()] == [
        "essential",
        "performance",
        "functional",
    ]
    assert service.cookie_types()[1].label.id == "Cookie kinerja"


def test_choices_expire_after_180_days() -> None:
    assert service.preference_days() == 180


@pytest.mark.parametrize(
    ("old", "new"),
    [('id = "cookie_preferences"', 'id = "biscuits"'), ('unit = "days"', 'unit = "hours"')],
)
def test_an_expiry_that_no_rule_states_is_not_guessed(
    edit: Edit, monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    changed = load(edit("06-retention.toml", old, new))
    monkeypatch.setattr(service, "policy", lambda: changed)
    with pytest.raises(PolicyInvalid, match="cookie preferences"):
        service.preference_days()
    assert changed != policy()


def test_importing_reads_no_file() -> None:
    assert probe("chalicelib.inventory.service") == "[] True"


def test_the_package_alone_brings_no_models() -> None:
    assert probe("chalicelib.inventory") == "[] False"


def test_the_application_starts_without_them() -> None:
    assert probe("app") == "[] False"


def test_the_choices_expire_when_the_policys_data_says() -> None:
    """The number stands in the rules of cookies too, which cannot import the inventory."""
    assert timedelta(days=service.preference_days()) == RETENTION

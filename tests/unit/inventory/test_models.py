"""Slips inside one file are found when it is loaded."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from chalicelib.inventory.policy import PolicyInvalid, load, policy
from tests.unit.inventory.conftest import Edit

# file, what stands there, what stands there after the slip, where, why
SLIPS = [
    ("01-scope.toml", "services = {", "servces = {", "at services", "required"),
    ("02-data.toml", "personal = false", 'personal = "no"', "items.0.personal", "boolean"),
    ("02-data.toml", "personal = false", "personal = true", "items.0", "exactly when it ident"),
    ("02-data.toml", 'identifies = "directly"', 'identifies = "no"', "items.3", "exactly when"),
    ("02-data.toml", "specific = false", "specific = true", "items.0", "only personal data"),
    ("02-data.toml", 'kind = "personal_financial"\n', "", "items.0", "names its kind"),
    ("02-data.toml", 'article = "UU PDP 4(2)"\n', "", "items.0", "names its kind and article"),
    ("02-data.toml", 'kind = "personal_financial"', 'kind = "money"', "items.0.kind", "Input"),
    ("02-data.toml", 'id = "business"', 'id = "Business Data"', "categories.0.id", "pattern"),
    ("02-data.toml", 'id = "Nama perusahaan"', 'id = ""', "label.id", "pattern"),
    ("02-data.toml", ', id = "Nama perusahaan"', "", "label.id", "required"),
    ("02-data.toml", '["required_by_law", "explicitly_agreed"]', "[]", "exceptions", "at least 1"),
    ("03-collection.toml", '"instruction"]', '"habit"]', "requires.1", "consent"),
    ("04-purposes.toml", '["contract"]', '["whim"]', "bases.0", "legitimate_interest"),
    ("04-purposes.toml", '["contract"]', "[]", "bases", "at least 1"),
    ("04-purposes.toml", '["contract"]', '["consent"]', "purposes.0", "rests on consent"),
    ("05-cookies.toml", 'id = "performance"', 'id = "marketing"', "types.1.id", "essential"),
    ("05-cookies.toml", "refusable = false\n", "", "types.0.refusable", "required"),
    ("06-retention.toml", "amount = 72,", "amount = 0,", "period.amount", "greater"),
    ("06-retention.toml", "amount = 72,", "amount = 72.5,", "period.amount", "integer"),
    ("06-retention.toml", 'unit = "years"', 'unit = "centuries"', "period.unit", "hours"),
    ("06-retention.toml", "until = ", 'period = {amount=1,unit="days"}\nuntil = ', "0",
     "either"),
    ("06-retention.toml", 'ground = "UU KUP 28(11)"\nconfidence = "V2"', 'ground = "UU KUP 28(11)"',
     "rules.6", "states its period and its confidence"),
    ("06-retention.toml", 'actions = ["keep"]', 'actions = ["delete"]', "rules.6", "keeps"),
    ("06-retention.toml", '["delete", "destroy_key"]', '["keep"]', "rules.4", "keeps"),
    ("06-retention.toml", 'kind = "house"', 'kind = "promise"', "rules.4", "quotes the policy"),
    ("07-security.toml", '["8.24"]', '["8.35"]', "measures.0", "no control 8.35"),
    ("07-security.toml", '["8.24"]', '["9.1"]', "controls.0", "pattern"),
    ("08-rights.toml", 'id = "access"', 'id = "forgetting"', "rights.0.id", "access"),
    ("08-rights.toml", 'confidence = "V"', 'confidence = "sure"', "confidence", "V"),
    ("09-sharing.toml", "rank = 1", "rank = 0", "transfers.0.rank", "greater"),
    ("10-incidents.toml", "hours = 72", 'hours = "72"', "promises.1.hours", "integer"),
    ("11-updates.toml", "sections = [4]", "sections = [13]", "sections.0", "less than"),
    ("12-contacts.toml", "privacy@jutsoo.com", "privacy at jutsoo", "contacts.0.email", "pattern"),
    ("policy.toml", "= 2025-01-03", "= 2023-01-03", "policy.toml at top", "before effective"),
    ("policy.toml", "= 2025-01-03", '= "2025-01-03"', "policy.toml at updated", "date"),
    ("policy.toml", '"e8e5', '"E8E5', "source_sha256", "pattern"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "where", "why"), SLIPS)
def test_a_slip_in_a_file_is_refused(
    edit: Edit, name: str, old: str, new: str, where: str, why: str
) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        load(edit(name, old, new))
    findings = [finding for finding in refused.value.problems if where in finding]
    assert findings
    assert findings[0].startswith(f"{name} at ")
    assert why in findings[0]


@pytest.mark.parametrize("name", ["01-scope.toml", "02-data.toml", "12-contacts.toml"])
def test_an_unknown_field_is_refused(copy: Path, name: str) -> None:
    path = copy / name
    path.write_text("surprise = 1\n" + path.read_text("utf-8"), "utf-8")
    with pytest.raises(PolicyInvalid, match=f"{name} at surprise: Extra inputs"):
        load(copy)


def test_nothing_of_the_policy_can_be_changed() -> None:
    item = policy().items[0]
    with pytest.raises(ValidationError, match="frozen"):
        item.personal = True  # type: ignore[misc]  # the assignment is what is refused

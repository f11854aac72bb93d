"""What spans several files: the set of files, ids, and references between sections."""

from pathlib import Path

import pytest

from chalicelib.errors import Internal
from chalicelib.inventory.policy import DIRECTORY, FILES, PolicyInvalid, load, policy
from tests.unit.inventory.conftest import Edit


def test_the_shipped_policy_is_read_once() -> None:
    assert policy() is policy()
    assert load(DIRECTORY) == policy()


def test_a_broken_policy_is_a_broken_promise_of_ours() -> None:
    assert issubclass(PolicyInvalid, Internal)


@pytest.mark.parametrize("name", FILES.values())
def test_every_file_is_needed(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(PolicyInvalid, match=f"^{name} is missing$"):
        load(copy)


def test_a_file_of_no_section_is_refused(copy: Path) -> None:
    (copy / "13-more.toml").write_text("", "utf-8")
    with pytest.raises(PolicyInvalid, match=r"^13-more\.toml belongs to no section$"):
        load(copy)


@pytest.mark.parametrize("content", [b"section = [", b"a = 1\na = 2\n", b'a = "\xff"\n'])
def test_a_file_that_is_no_toml_is_named(copy: Path, content: bytes) -> None:
    (copy / "07-security.toml").write_bytes(content)
    with pytest.raises(PolicyInvalid, match=r"^07-security\.toml is no TOML$"):
        load(copy)


def test_a_section_stands_in_its_own_file(edit: Edit) -> None:
    with pytest.raises(PolicyInvalid, match="section 3 calls itself 4"):
        load(edit("03-collection.toml", "number = 3", "number = 4"))


# kind, file, an id, the id of another entry that it becomes
TWINS = [
    ("framework", "policy.toml", "iso_27001", "uu_pdp"),
    ("channel", "01-scope.toml", "apis", "platform"),
    ("subject", "01-scope.toml", "user", "authorised_person"),
    ("category", "02-data.toml", "financial", "business"),
    ("item", "02-data.toml", "credentials", "ip_addresses"),
    ("method", "03-collection.toml", "automated", "direct"),
    ("basis", "04-purposes.toml", "public_task", "consent"),
    ("purpose", "05-cookies.toml", "cookie_security", "service_delivery"),
    ("cookie type", "05-cookies.toml", "functional", "performance"),
    ("rule", "06-retention.toml", "aml_records", "tax_books"),
    ("measure", "07-security.toml", "monitoring", "internal_audits"),
    ("right", "08-rights.toml", "objection", "access"),
    ("recipient", "09-sharing.toml", "analytics", "cloud_services"),
    ("transfer ground", "09-sharing.toml", "consent", "equal_protection"),
    ("promise", "10-incidents.toml", "root_cause", "remediation_plan"),
    ("duty", "11-updates.toml", "periodic_review", "significant_update"),
    ("notice content", "11-updates.toml", "period", "purpose"),
    ("contact", "12-contacts.toml", "general", "dpo"),
]


@pytest.mark.parametrize(("kind", "name", "old", "new"), TWINS)
def test_an_id_occurs_once(edit: Edit, kind: str, name: str, old: str, new: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        load(edit(name, f'id = "{old}"', f'id = "{new}"'))
    assert f"{kind} {new} occurs 2 times" in refused.value.problems


def test_a_role_occurs_once(edit: Edit) -> None:
    with pytest.raises(PolicyInvalid, match="role controller occurs 2 times"):
        load(edit("01-scope.toml", 'role = "processor"', 'role = "controller"'))


# file, what stands there, what it becomes, the sentence that says so
BROKEN_REFERENCES = [
    ("04-purposes.toml", '[[bases]]\nid = "contract"', '[[bases]]\nid = "public_task"',
     "purpose service_delivery names no basis: contract"),
    ("04-purposes.toml", "section = 4\n", "section = 8\n",
     "purpose service_delivery does not belong to section 8"),
    ("04-purposes.toml", '["business", "financial", "t', '["gossip", "financial", "t',
     "purpose service_delivery names no category: gossip"),
    ("02-data.toml", 'subjects = ["user"]', 'subjects = ["passer_by"]',
     "category authentication names no subject: passer_by"),
    ("02-data.toml", 'id = "authentication"', 'id = "secrets"',
     "category secrets is held for no purpose"),
    ("02-data.toml", 'id = "authentication"', 'id = "secrets"',
     "category secrets falls under no promise of retention"),
    ("03-collection.toml", '"financial", "authentication"]', '"financial", "gossip"]',
     "method direct names no category: gossip"),
    ("05-cookies.toml", "section = 5", "section = 6",
     "purpose cookie_functionality does not belong to section 6"),
    ("05-cookies.toml", 'purposes = ["cookie_analytics"]', 'purposes = ["improvement"]',
     "cookie type performance names no cookie purpose: improvement"),
    ("05-cookies.toml", 'purposes = ["cookie_analytics"]', 'purposes = ["cookie_personalisation"]',
     "purpose cookie_analytics is served by no cookie type"),
    ("05-cookies.toml", "refusable = false", "refusable = true",
     "cookie type essential and its purpose cookie_security disagree whether it can be refused"),
    ("05-cookies.toml", "refusable = true", "refusable = false",
     "cookie type performance and its purpose cookie_analytics disagree whether it can be refused"),
    ("06-retention.toml", '"transaction_history"]', '"browser_types"]',
     "rule transactional names no item of its categories: browser_types"),
    ("06-retention.toml", 'categories = ["technical"]', 'categories = ["gossip"]',
     "rule cookie_preferences names no category: gossip"),
    ("06-retention.toml", '["tax_books",', '["cookie_preferences",',
     "rule transactional names no mandate: cookie_preferences"),
    ("06-retention.toml", 'actions = ["keep"]', 'actions = ["keep"]\nyields_to = ["aml_records"]',
     "rule tax_books is a mandate and yields to others"),
    ("08-rights.toml", 'contact = "dpo"', 'contact = "reception"',
     "right access names no contact: reception"),
    ("09-sharing.toml", '["improvement", "cookie_analytics"]', '["improvement", "gossip"]',
     "recipient analytics names no purpose: gossip"),
    ("09-sharing.toml", 'categories = ["technical"]', 'categories = ["gossip"]',
     "recipient analytics names no category: gossip"),
    ("09-sharing.toml", "rank = 2", "rank = 3",
     "transfer grounds do not stand in the order of their ranks"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "problem"), BROKEN_REFERENCES)
def test_a_broken_reference_is_refused(
    edit: Edit, name: str, old: str, new: str, problem: str
) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        load(edit(name, old, new))
    assert problem in refused.value.problems


def test_all_problems_are_told_at_once(edit: Edit) -> None:
    edit("08-rights.toml", 'contact = "dpo"', 'contact = "reception"')
    with pytest.raises(PolicyInvalid) as refused:
        load(edit("03-collection.toml", "number = 3", "number = 4"))
    assert len(refused.value.problems) == 2

"""The register's own rules, on small registers written for each case."""

from pathlib import Path

import pytest

from chalicelib.inventory.policy import PolicyInvalid
from chalicelib.inventory.register import load

GOOD = {
    "id": '"pdp-46-notify"',
    "source": '"pdp"',
    "article": '"46(1)"',
    "text": '"People are told."',
    "capability": '"incidents"',
    "tests": "[]",
}
TEST = '["tests/unit/incidents/test_clock.py::test_it"]'


def write(directory: Path, *entries: dict[str, str], name: str = "register.toml") -> Path:
    blocks = [
        "[[obligations]]\n" + "\n".join(f"{key} = {value}" for key, value in entry.items())
        for entry in entries
    ]
    (directory / name).write_text("\n\n".join(blocks) + "\n", "utf-8")
    return directory


def without(*keys: str, **changed: str) -> dict[str, str]:
    return {k: v for k, v in (GOOD | changed).items() if k not in keys}


def test_an_obligation_without_tests_is_open(tmp_path: Path) -> None:
    assert load(write(tmp_path, GOOD))[0].status == "open"


def test_an_obligation_with_a_test_is_kept(tmp_path: Path) -> None:
    assert load(write(tmp_path, GOOD | {"tests": TEST}))[0].status == "kept"


def test_a_reason_makes_it_organisational(tmp_path: Path) -> None:
    entry = without("capability", organisational='"Auditors do it."')
    assert load(write(tmp_path, entry))[0].status == "organisational"


def test_nobody_can_write_the_status_down(tmp_path: Path) -> None:
    with pytest.raises(PolicyInvalid, match="status: Extra inputs"):
        load(write(tmp_path, GOOD | {"status": '"kept"'}))


REFUSED = [
    (without("id"), "obligations.0.id: Field required"),
    (without("tests"), "obligations.0.tests: Field required"),
    (without("capability"), "either a capability keeps it, or a reason"),
    (without(organisational='"Auditors do it."'), "either a capability keeps it, or a reason"),
    (
        without("capability", organisational='"Auditors do it."', tests=TEST),
        "what no software can keep, no test can show",
    ),
    (without(capability='"magic"'), "obligations.0.capability: Input should be"),
    (without(source='"folklore"'), "obligations.0.source: Input should be"),
    (without(id='"pdp-47-notify"'), "the id does not begin with pdp-46-"),
    (without(id='"policy-46-notify"'), "the id does not begin with pdp-46-"),
    (without(id='"PDP 46"'), "obligations.0.id: String should match pattern"),
    (without(quote='"within 72 hours"'), "a promise of the policy, and only that, quotes it"),
    (
        without(id='"policy-10-notify"', source='"policy"', article='"10"'),
        "a promise of the policy, and only that, quotes it",
    ),
    (without(tests=f"{TEST[:-1]}, {TEST[1:]}"), "a test is named twice"),
    (without(tests='["tests/unit/test_a.py"]'), "tests.0: String should match pattern"),
    (without(tests='["chalicelib/test_a.py::test_b"]'), "tests.0: String should match pattern"),
    (without(tests='["tests/../x/test_a.py::test_b"]'), "tests.0: String should match pattern"),
    (without(text='""'), "obligations.0.text: String should match pattern"),
    (without(confidence='"certain"'), "obligations.0.confidence: Input should be"),
]


@pytest.mark.parametrize(("entry", "problem"), REFUSED)
def test_an_incoherent_entry_is_refused(
    tmp_path: Path, entry: dict[str, str], problem: str
) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        load(write(tmp_path, entry))
    assert any(problem in each for each in refused.value.problems)


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    write(tmp_path, GOOD | {"id": '"pdp-46-second"'}, name="b.toml")
    write(tmp_path, GOOD | {"id": '"pdp-46-first"'}, name="a.toml")
    assert [each.id for each in load(tmp_path)] == ["pdp-46-first", "pdp-46-second"]


def test_an_id_occurs_once_over_all_files(tmp_path: Path) -> None:
    write(tmp_path, GOOD, name="a.toml")
    with pytest.raises(PolicyInvalid, match="pdp-46-notify occurs twice"):
        load(write(tmp_path, GOOD, name="b.toml"))


def test_an_empty_register_is_no_register(tmp_path: Path) -> None:
    with pytest.raises(PolicyInvalid, match="holds no obligation"):
        load(tmp_path)


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "law.toml").write_text("[[obligations]", "utf-8")
    with pytest.raises(PolicyInvalid, match=r"law\.toml is no TOML"):
        load(tmp_path)

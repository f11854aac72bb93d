"""A named test has to exist, to be run, and to be parametrised where its id says so."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.inventory.register import Obligation
from infra.obligations import broken_references, main, render

SOURCE = """
import pytest

def test_plain(): ...

async def test_async(): ...

def helper(): ...

@pytest.mark.parametrize("n", [1, 2])
def test_each(n): ...

@pytest.mark.skip(reason="later")
def test_later(): ...

@pytest.mark.skipif(True, reason="elsewhere")
def test_elsewhere(): ...

@pytest.mark.xfail
def test_hopeless(): ...

class TestRoom:
    def test_inside(self): ...

    class TestCupboard:
        def test_deeper(self): ...

@pytest.mark.parametrize("n", [1])
class TestMany:
    def test_one(self, n): ...

@pytest.mark.skip
class TestClosed:
    def test_inside(self): ...

class Room:
    def test_inside(self): ...

test_value = 1

def test_outer():
    def test_local(): ...
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "tests" / "unit").mkdir(parents=True)
    (tmp_path / "tests" / "unit" / "test_a.py").write_text(SOURCE, "utf-8")
    return tmp_path


def obligation(*tests: str) -> Obligation:
    return Obligation(
        id="pdp-46-notify", source="pdp", article="46", text="x", capability="law", tests=tests
    )


def problem(root: Path, name: str, file: str = "test_a") -> str | None:
    node = f"tests/unit/{file}.py::{name}"
    found = list(broken_references([obligation(node)], root))
    assert len(found) <= 1
    return found[0].removeprefix(f"pdp-46-notify: {node} ") if found else None


@pytest.mark.parametrize(
    "name",
    [
        "test_plain",
        "test_async",
        "test_each",
        "test_each[1]",
        "test_each[a::b-c]",
        "TestRoom::test_inside",
        "TestRoom::TestCupboard::test_deeper",
        "TestMany::test_one[1]",
    ],
)
def test_a_test_that_pytest_collects_is_found(root: Path, name: str) -> None:
    assert problem(root, name) is None


@pytest.mark.parametrize(
    "name",
    [
        "test_missing",
        "helper",
        "test_value",
        "test_local",
        "test_outer::test_local",
        "test_inside",
        "Room::test_inside",
        "TestRoom",
        "TestRoom::test_missing",
        "TestNobody::test_inside",
        "TestRoom::test_deeper",
    ],
)
def test_a_name_that_pytest_does_not_collect_is_refused(root: Path, name: str) -> None:
    assert problem(root, name) == "does not exist"


def test_a_missing_file_is_refused(root: Path) -> None:
    assert problem(root, "test_plain", file="test_b") == "is in no file"


@pytest.mark.parametrize(
    "name", ["test_later", "test_elsewhere", "test_hopeless", "TestClosed::test_inside"]
)
def test_a_test_that_may_not_run_shows_nothing(root: Path, name: str) -> None:
    assert problem(root, name) == "is skipped or expected to fail"


def test_a_skipped_module_shows_nothing(root: Path) -> None:
    (root / "tests" / "unit" / "test_c.py").write_text(
        "import pytest\npytestmark = [pytest.mark.skip]\ndef test_plain(): ...\n", "utf-8"
    )
    assert problem(root, "test_plain", file="test_c") == "is skipped or expected to fail"


def test_a_case_of_a_test_without_cases_is_refused(root: Path) -> None:
    assert problem(root, "test_plain[1]") == "is not parametrised"


def test_of_two_definitions_the_last_counts(root: Path) -> None:
    (root / "tests" / "unit" / "test_d.py").write_text(
        "import pytest\ndef test_a(): ...\n@pytest.mark.skip\ndef test_a(): ...\n", "utf-8"
    )
    assert problem(root, "test_a", file="test_d") == "is skipped or expected to fail"


def test_every_broken_name_is_told(root: Path) -> None:
    named = obligation("tests/unit/test_a.py::test_x", "tests/unit/test_a.py::test_y")
    assert len(list(broken_references([named, named], root))) == 4


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12))
def test_no_invented_name_is_believed(tail: str) -> None:
    """Of this module's own file only what is written in it is found."""
    node = f"tests/unit/inventory/test_named_tests.py::test_{tail}"
    known = f"\ndef test_{tail}(" in Path(__file__).read_text("utf-8")
    here = Path(__file__).resolve().parents[3]
    assert (not list(broken_references([obligation(node)], here))) == known


def test_the_table_groups_and_counts() -> None:
    kept = obligation("tests/unit/test_a.py::test_plain")
    left = Obligation(
        id="pdp-57-fine", source="pdp", article="57", text="y", organisational="Why.", tests=()
    )
    table = render([kept, left])
    assert table.splitlines() == [
        "KEPT (1)",
        "  pdp-46-notify  law         x",
        "                             = tests/unit/test_a.py::test_plain",
        "",
        "OPEN (0)",
        "",
        "ORGANISATIONAL (1)",
        "  pdp-57-fine    -           y",
        "                             = Why.",
        "",
        "2 obligations: 1 kept, 0 open, 1 organisational",
    ]


def test_the_command_prints_the_register(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0
    printed = capsys.readouterr()
    assert "policy-10-clients-72h" in printed.out
    assert printed.err == ""


def test_the_command_fails_over_a_broken_register(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "infra.obligations.load", lambda: (obligation("tests/unit/test_zzz.py::test_plain"),)
    )
    assert main() == 1
    assert "test_zzz.py::test_plain is in no file" in capsys.readouterr().err

"""Vectors that others wrote, read where they lie beside the repository, never copied."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).parents[3] / "shared" / "vectors"


@pytest.fixture
def wycheproof() -> "Wycheproof":
    """The Wycheproof folder. Without it: a failure in CI, elsewhere a skip that says so."""
    folder = SHARED / "wycheproof"
    if not folder.is_dir():
        absent = "../shared/vectors/wycheproof is absent beside the repository"
        if os.environ.get("CI") == "true":
            pytest.fail(absent)
        pytest.skip(absent)
    return Wycheproof(folder)


class Wycheproof:
    """Test cases by file, each with its group's parameters."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def cases(self, name: str) -> list[dict[str, Any]]:
        """Every case of the file, and the file's own count is what we got."""
        document = json.loads((self._folder / name).read_text())
        cases = [
            {**{key: value for key, value in group.items() if key != "tests"}, **case}
            for group in document["testGroups"]
            for case in group["tests"]
        ]
        assert len(cases) == document["numberOfTests"]
        return cases

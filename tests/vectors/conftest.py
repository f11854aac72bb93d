"""Vectors that others wrote, read where they lie beside the repository, never copied."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.vectors.shared import shared


@pytest.fixture
def wycheproof() -> "Wycheproof":
    """The Wycheproof folder."""
    return Wycheproof(shared("wycheproof"))


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

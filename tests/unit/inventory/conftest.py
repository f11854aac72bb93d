"""A copy of the shipped policy that a test may break."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from chalicelib.inventory.policy import DIRECTORY

type Edit = Callable[[str, str, str], Path]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    directory = tmp_path / "policy"
    shutil.copytree(DIRECTORY, directory)
    return directory


@pytest.fixture
def edit(copy: Path) -> Edit:
    """Replace the first occurrence of `old` in a file of the copy; returns the copy."""

    def edit_file(name: str, old: str, new: str) -> Path:
        path = copy / name
        text = path.read_text("utf-8")
        assert old in text, f"{name} holds no {old!r} to break"
        path.write_text(text.replace(old, new, 1), "utf-8")
        return copy

    return edit_file

"""Where the vectors that others wrote lie."""

import os
from pathlib import Path

import pytest

_SHARED = Path(__file__).parents[3] / "shared" / "vectors"


def shared(name: str) -> Path:
    """The folder `name` of vectors. Without it: a failure in CI, elsewhere a skip that says so."""
    folder = _SHARED / name
    if not folder.is_dir():
        absent = f"../shared/vectors/{name} is absent beside the repository"
        if os.environ.get("CI") == "true":
            pytest.fail(absent)
        pytest.skip(absent)
    return folder

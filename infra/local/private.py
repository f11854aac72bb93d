"""Where `make run` keeps its state, and files there that only their owner reads."""

import os
from pathlib import Path

HOME = Path(os.environ.get("JAGA_HOME") or Path(__file__).parents[2] / ".jaga")


def write_private(path: Path, text: str) -> None:
    """Puts `text` into the file `path` (mode 0600), all of it or, after a crash, nothing."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)  # of a run that crashed
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)

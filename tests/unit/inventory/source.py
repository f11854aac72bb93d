"""The published policy and the papers beside it, which lie outside this repository.

They are there in CI and in the team's work trees. Where they are not, a test that compares with
them says so and is skipped; under CI (the variable ``CI`` is set) it fails instead.
"""

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT.parent / "shared"
POLICY = "policy/privacy-policy.txt"
PREAMBLE, FOOTER = "Effective Date:", "ProductsBookkeeper"


def shared_bytes(name: str) -> bytes:
    """Return the bytes of ../shared/<name>; skip, or fail under CI, where it is absent."""
    path = SHARED / name
    if path.is_file():
        return path.read_bytes()
    reason = f"../shared/{name} is not on this machine, so nothing was compared with it"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def flat(text: str) -> str:
    """Return `text` with every run of white space as one space."""
    return " ".join(text.split())


def sections(text: str) -> dict[int, str]:
    """Split the published policy by its numbered headings; 0 is what stands before the first."""
    body = text[text.index(PREAMBLE) : text.index(FOOTER, text.index(PREAMBLE))]
    parts = re.split(r"^(\d{1,2})\. .+$", body, flags=re.MULTILINE)
    return {0: parts[0]} | {
        int(number): part for number, part in zip(parts[1::2], parts[2::2], strict=True)
    }


def statements(section: str) -> list[str]:
    """Return everything a section says: bullets whole, other lines split into sentences."""
    found: list[str] = []
    for line in filter(None, map(str.strip, section.splitlines())):
        if line.startswith("•"):
            found.append(flat(line.lstrip("•")))
        else:
            found += re.split(r"(?<=[a-z]\.) (?=[A-Z])", flat(line))
    return found

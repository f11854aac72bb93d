"""What a notice must say, rule by rule: read from `contents.toml` when it is first needed."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "contents.toml"


@dataclass(frozen=True, slots=True)
class Element:
    """Something that a notice must tell, and the article that asks for it.

    What is `firm` may not be left for a later notice.
    """

    element: str
    article: str
    firm: bool = False


@cache
def contents() -> Mapping[str, tuple[Element, ...]]:
    """By the id of a duty (`<pack>.<rule>`) what its notice must tell."""
    said = tomllib.loads(_FILE.read_text("utf-8"))["contents"]
    return {
        rule: tuple(Element(**each) for each in row["elements"])
        for row in said
        for rule in row["rules"]
    }

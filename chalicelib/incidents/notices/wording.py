"""The words of notices, in a language, and the templates that they are put into."""

import tomllib
import unicodedata
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.law.explain import moment
from chalicelib.notices.models import Language

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = Path(__file__).parent
_ZONE = "Asia/Jakarta"
"""The controller's."""
_BREAKS = {"Zl", "Zp"}


@cache
def words(language: Language) -> dict[str, Any]:
    """All words of notices in one language, read once per process."""
    return tomllib.loads((_HERE / "words" / f"{language}.toml").read_text("utf-8"))


def local(at: datetime, language: Language) -> str:
    """`at` (aware) to the minute in the controller's zone, with the offset from UTC."""
    return moment(at, _ZONE, language)


def paragraphs(said: str) -> tuple[str, ...]:
    """The lines of what somebody typed, each as one paragraph.

    Nothing stays that could make a line of its own or turn the text around it: no control, no
    direction mark, no separator of lines.
    """
    return tuple(text for line in said.splitlines() if (text := _plain(line)))


def render(name: str, **values: object) -> str:
    """The template `name` (`.html` escapes all) with `values`."""
    return _environment().get_template(name).render(values)


def _plain(line: str) -> str:
    kept = (
        " " if (kind := unicodedata.category(char)) == "Cc" else char
        for char in line
        if (kind := unicodedata.category(char)) == "Cc" or not (kind[0] == "C" or kind in _BREAKS)
    )
    return " ".join("".join(kept).split())


@cache
def _environment() -> "Environment":
    # Only the staff's pages and workers write notices: no visitor's cold start pays for it.
    from jinja2 import (  # noqa: PLC0415
        Environment,
        FileSystemLoader,
        StrictUndefined,
        select_autoescape,
    )

    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )

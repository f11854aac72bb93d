"""Reads `watching.toml`: when alerts are raised and unproved requests lapse."""

import tomllib
from datetime import timedelta
from functools import cache
from pathlib import Path

from chalicelib.requests.watching_rules import Terms

FILE = Path(__file__).parent / "watching.toml"


@cache
def terms() -> Terms:
    """The terms in force, read once per process. Raises `ValueError` where they contradict."""
    read = tomllib.loads(FILE.read_text("utf-8"))
    return Terms(
        before=tuple(timedelta(hours=hours) for hours in read["alerts"]["hours_before"]),
        between_after=timedelta(hours=read["alerts"]["hours_between_after"]),
        lapse_after=timedelta(days=read["lapse"]["days_after_receipt"]),
    )

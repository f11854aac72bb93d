"""The bases of every model on the wire."""

import os
import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

# We have no plugins, and looking for some reads the metadata of every installed package.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")


class Wire(BaseModel):
    """Strict types, unknown fields refused, immutable.

    Built when first used: a container meets few kinds of bodies and answers.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class Answer(Wire):
    """What only goes out."""


def _rfc3339_text(value: object) -> object:
    # pydantic also reads bare numbers and dates as moments; the contract is RFC 3339.
    if not isinstance(value, str) or not _RFC3339.match(value):
        raise ValueError("not RFC 3339")
    return value


_RFC3339 = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$")


def _whole_milliseconds(moment: datetime) -> datetime:
    # What is stored is what a repeat is compared with, and milliseconds are stored.
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:  # the first or last day of the calendar, seen from another zone
        raise ValueError("out of the calendar") from None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


type Moment = Annotated[
    AwareDatetime,
    Field(strict=False),  # strict would take no text at all after the check before it
    BeforeValidator(_rfc3339_text),
    AfterValidator(_whole_milliseconds),
]
"""A moment as RFC 3339 text, in UTC and whole milliseconds."""

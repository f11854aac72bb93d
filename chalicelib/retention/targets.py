"""What a legal hold can be put on, as everything that is held names it."""

from dataclasses import dataclass
from enum import StrEnum


class TargetKind(StrEnum):
    """What a hold is on."""

    CLIENT = "client"
    PERSON = "person"
    CATEGORY = "category"
    CASE = "case"


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """One client, person, category of data or case.

    `value` is an opaque id and stands in keys: a client's or a case's own id, a category, for a
    person the token of the platform's id of it in the blind index, never a name.
    """

    kind: TargetKind
    value: str

"""The permission matrix: `permissions.toml`, read once, refused if it contradicts the roles."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

_MATRIX = Path(__file__).with_name("permissions.toml")


class Role(StrEnum):
    """What a member of the staff is here for; the names of the user pool's groups."""

    DPO = "dpo"
    AGENT = "agent"
    SECURITY = "security"
    AUDITOR = "auditor"
    ENGINEER = "engineer"


@dataclass(frozen=True, slots=True)
class Permission:
    """One row of the matrix."""

    name: str
    what: str
    roles: frozenset[Role]
    changes: bool = False
    personal_data: bool = False


@cache
def permissions() -> Mapping[str, Permission]:
    """All permissions by name."""
    return parse_matrix(_MATRIX.read_text("utf-8"))


def parse_matrix(text: str) -> dict[str, Permission]:
    """The matrix written in the TOML `text`.

    Raises `ValueError` when a role is unknown, the auditor may change something or misses a
    reading, or the engineer sees personal data.
    """
    import tomllib  # noqa: PLC0415  # few containers meet a member of the staff

    rows: dict[str, dict[str, Any]] = tomllib.loads(text)["permissions"]
    parsed = {name: _permission(name, row) for name, row in rows.items()}
    for each in parsed.values():
        if (Role.AUDITOR in each.roles) == each.changes:
            raise ValueError(f"{each.name}: the auditor reads all and changes nothing")
        if each.personal_data and Role.ENGINEER in each.roles:
            raise ValueError(f"{each.name}: an engineer sees no personal data")
    return parsed


def known_roles(names: object) -> frozenset[Role]:
    """Those of `names` (a token's groups) that are roles; anything else gives nothing."""
    given = names if isinstance(names, list) else []
    return frozenset(role for role in Role if role in given)


def allowed_to(roles: frozenset[Role]) -> list[str]:
    """The names of the permissions that any of `roles` has, sorted."""
    return sorted(name for name, each in permissions().items() if each.roles & roles)


def _permission(name: str, row: dict[str, Any]) -> Permission:
    return Permission(name, **{**row, "roles": frozenset(map(Role, row["roles"]))})

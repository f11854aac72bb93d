"""What people are asked to consent to, put together from the policy for a notice to freeze.

Imports pydantic through the policy's models, like `service.py`: import it where it is used.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.inventory.holdings import Purpose
from chalicelib.inventory.policy import PolicyInvalid, policy
from chalicelib.inventory.terms import Text

FILE = Path(__file__).parent / "consent_terms.toml"


def bases_of(purpose_id: str) -> tuple[str, ...] | None:
    """The legal bases of one of the policy's purposes (UU PDP 20(2)), None for an unknown one."""
    return next((each.bases for each in policy().all_purposes if each.id == purpose_id), None)


def consent_purposes() -> tuple[str, ...]:
    """The ids of the purposes that known people are asked about, in the policy's order.

    Cookies are not among them: visitors answer those in the banner. Raises `PolicyInvalid` when
    the terms name other purposes than the policy's discretionary ones.
    """
    return tuple(_asked())


def consent_terms(purpose_id: str) -> dict[str, Any]:
    """All that consent to the purpose covers (UU PDP 21(1)), as plain JSON values.

    Texts come as `{"en": …, "id": …}`. `KeyError` unless it is one of `consent_purposes`.
    """
    purpose, own, common = _asked()[purpose_id], _read()["purposes"][purpose_id], _read()["terms"]
    categories = [each for each in policy().data.categories if each.id in purpose.categories]
    rights = [each for each in policy().rights.rights if each.id in common["rights"]]
    return {
        "purpose": purpose.id,
        "label": _text(purpose.label),
        "description": _text(purpose.description),
        "data": [
            {
                "id": item.id,
                "label": _text(item.label),
                "category": category.id,
                "specific": item.specific,
            }
            for category in categories
            for item in category.items
            if item.personal
        ],
        "methods": [
            {"id": method.id, "label": _text(method.label)}
            for method in policy().collection.methods
            if "consent" in method.requires
        ],
        "recipients": own["recipients"],
        "retention": own["retention"],
        "retention_hours_after": own["retention_hours_after"],
        "validity_days": own["validity_days"],
        "withdrawal": common["withdrawal"],
        "rights": [{"id": each.id, "label": _text(each.label)} for each in rights],
        "jurisdiction": common["jurisdiction"],
        "storage": common["storage"],
        "controller": _read()["controller"],
    }


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


@cache
def _asked() -> Mapping[str, Purpose]:
    asked = {each.id: each for each in policy().purposes.purposes if each.discretionary}
    if asked.keys() != _read()["purposes"].keys():
        raise PolicyInvalid("consent_terms.toml names other purposes than the policy's")
    return asked


def _text(text: Text) -> dict[str, str]:
    return {"en": text.en, "id": text.id}

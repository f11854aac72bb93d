"""Plain values as models. What is wrong is named by its path, never quoted."""

from typing import Any

from pydantic import BaseModel, ValidationError

from chalicelib.connectors.datamap.models import StoreKind
from chalicelib.connectors.datamap.text import InvalidDataMap
from chalicelib.errors import FieldError


def validated[T: BaseModel](model: type[T], document: Any, where: str) -> T:
    """`document` as a `model`. Raises `InvalidDataMap`; `where` begins the path of each field."""
    try:
        return model.model_validate(document)
    except ValidationError as refusal:
        errors = refusal.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidDataMap(
            *(_error(where, each["type"], each["loc"]) for each in errors)
        ) from None


_KINDS = frozenset(StoreKind)
_CODES = {"missing": "missing", "literal_error": "not_allowed", "extra_forbidden": "unknown_field"}


def _error(where: str, kind: str, location: tuple[int | str, ...]) -> FieldError:
    # The name of an unknown field is the author's text; pydantic names the chosen kind of store.
    known = location[:-1] if kind == "extra_forbidden" else location
    path = ".".join(str(each) for each in known if each not in _KINDS)
    wrong_type = kind.endswith("_type") and "wrong_type"
    return FieldError(f"{where}{path}" or "yaml", _CODES.get(kind) or wrong_type or "invalid_value")

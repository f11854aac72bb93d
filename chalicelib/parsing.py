"""JSON as a model of the wire; what is refused is named by its path and a stable code.

Neither a value nor the name of an unknown field comes back.
"""

from pydantic import ValidationError

from chalicelib.errors import FieldError, InvalidInput
from chalicelib.wire import Wire


class MalformedJson(InvalidInput):
    """The body is not JSON (RFC 8259)."""

    code = "malformed_json"


def parse_json[T: Wire](model: type[T], raw: bytes) -> T:
    """`raw` as a `model`. Raises `MalformedJson`, `InvalidInput`."""
    try:
        return model.model_validate_json(raw)
    except ValidationError as refusal:
        raise _refused(refusal) from None


def _refused(refusal: ValidationError) -> InvalidInput:
    errors = refusal.errors(include_url=False, include_context=False, include_input=False)
    if errors[0]["type"] == "json_invalid":
        return MalformedJson(FieldError("body", "malformed_json"))
    return InvalidInput(*(_field_error(error["type"], error["loc"]) for error in errors))


def _field_error(kind: str, location: tuple[int | str, ...]) -> FieldError:
    if kind == "extra_forbidden":
        # The unknown name is the caller's text: name the object that it was found in.
        return FieldError(_path(location[:-1]), "unknown_field")
    return FieldError(_path(location), _CODES.get(kind, "invalid_value"))


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) or "body"


_CODES = {
    "missing": "missing",
    "literal_error": "not_allowed",
    "string_pattern_mismatch": "wrong_format",
    "string_type": "wrong_type",
    "bool_type": "wrong_type",
    "int_type": "wrong_type",
    "float_type": "wrong_type",
    "model_type": "wrong_type",
    "dict_type": "wrong_type",
    "list_type": "wrong_type",
    "datetime_type": "wrong_type",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "timezone_aware": "timezone_missing",
}

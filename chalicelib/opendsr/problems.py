"""OpenDSR's error object (7.6) for our problems. It names fields and codes, never a value."""

from collections.abc import Mapping
from typing import Any

from chalicelib.http.refusals import Refusals

_BAD_REQUEST = {409, 413, 415, 422}
"""What is the partner's to mend is a 400 (7.5); 401, 403, 404 and 429 mean more than that."""


def opendsr_error(problem: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
    """Status and body for the problem document `problem`."""
    status = 400 if problem["status"] in _BAD_REQUEST else int(problem["status"])
    fields = problem.get("errors", [])
    details = [_detail(str(each["field"]), str(each["code"])) for each in fields]
    if not details:
        details = [{"domain": "Processor", "reason": problem["code"], "message": problem["title"]}]
    message = details[0]["message"].removesuffix(".")
    return status, {"error": {"code": status, "message": message, "errors": details}}


def _detail(field: str, code: str) -> dict[str, str]:
    said = "field is required" if code == "missing" else code.replace("_", " ")
    return {"domain": "Validation", "reason": code, "message": f"{field} {said}."}


_TEXT = {"type": "string"}
OPENDSR_ERRORS = Refusals(
    "OpenDsrError",
    {
        "description": "OpenDSR 2.0, section 7.6. `reason` is a stable code.",
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code"],
                "properties": {
                    "code": {"type": "integer"},
                    "message": _TEXT,
                    "errors": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": dict.fromkeys(("domain", "reason", "message"), _TEXT),
                        },
                    },
                },
            }
        },
    },
    opendsr_error,
)

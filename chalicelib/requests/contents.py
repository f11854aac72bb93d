"""What the requester says, as the bytes that are sealed."""

import json
from dataclasses import asdict
from typing import Any

from chalicelib.requests.models import Capacity, Content, Mandate


def content_to_json(content: Content) -> bytes:
    """`content` as UTF-8 JSON, without what is empty."""
    said = {name: value for name, value in asdict(content).items() if value}
    return json.dumps(said, separators=(",", ":")).encode()


def content_from_json(opened: bytes) -> Content:
    """The inverse of `content_to_json`."""
    said: dict[str, Any] = json.loads(opened)
    if mandate := said.pop("mandate", None):
        said["mandate"] = Mandate(**{**mandate, "capacity": Capacity(mandate["capacity"])})
    if isinstance(free := said.get("corrections"), str):
        # The first requests described corrections in one free text.
        del said["corrections"]
        said["details"] = "\n".join(filter(None, (said.get("details"), free)))
    return Content(**{"email": "", **said})

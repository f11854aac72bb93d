"""Refusals in a format that is not ours: a protocol's own, for the routes that speak it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalice.app import Response

FOREIGN_ERRORS = "application/json;charset=UTF-8"
"""The media type of refusals in another format than RFC 9457. Chalice's own have none like it."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """How a protocol words a problem document (RFC 9457) of ours.

    `translate` gives status and body; `name` and `schema` describe the body in OpenAPI.
    """

    name: str
    schema: Mapping[str, Any]
    translate: Callable[[Mapping[str, Any]], tuple[int, Mapping[str, Any]]]

    def worded(self, response: Response) -> Response:
        """`response`, which holds a problem, in the protocol's words."""
        status, body = self.translate(json.loads(response.body))
        return Response(
            json.dumps(body, separators=(",", ":")),
            status_code=status,
            headers={**response.headers, "content-type": FOREIGN_ERRORS},
        )

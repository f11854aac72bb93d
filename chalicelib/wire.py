"""The base of every model on the wire."""

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """Strict types, unknown fields refused, immutable."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

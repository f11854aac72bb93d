"""The bases of every model on the wire."""

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """Strict types, unknown fields refused, immutable."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Answer(Wire):
    """What only goes out. Built when first sent: most containers send few kinds of answers."""

    model_config = ConfigDict(defer_build=True)

"""The bases of every model on the wire."""

import os

from pydantic import BaseModel, ConfigDict

# We have no plugins, and looking for some reads the metadata of every installed package.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")


class Wire(BaseModel):
    """Strict types, unknown fields refused, immutable."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Answer(Wire):
    """What only goes out. Built when first sent: most containers send few kinds of answers."""

    model_config = ConfigDict(defer_build=True)

"""The bases of every model on the wire."""

import os

from pydantic import BaseModel, ConfigDict

# We have no plugins, and looking for some reads the metadata of every installed package.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")


class Wire(BaseModel):
    """Strict types, unknown fields refused, immutable.

    Built when first used: a container meets few kinds of bodies and answers.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class Answer(Wire):
    """What only goes out."""

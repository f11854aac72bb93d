"""The obligations register: every promise of the policy and every article of Indonesian law.

Each obligation names the capability that keeps it and the tests that show it. Its status is
derived, never written down: *kept* when at least one test shows it, *organisational* when no
software can keep it and a reason says so, otherwise *open*.

The register is for people and for the build (`make obligations`); no function of the application
reads it.
"""

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import StringConstraints, ValidationError, model_validator

from chalicelib.inventory.policy import PolicyInvalid
from chalicelib.inventory.terms import Any0, Confidence, Many, Value, Words

DIRECTORY = Path(__file__).parent / "obligations"

type Status = Literal["kept", "open", "organisational"]
# The packages of the house, and beside them what is deployed (infra) and shown (web, static).
type Capability = Literal[
    "audit",
    "connectors",
    "consents",
    "cookies",
    "http",
    "incidents",
    "infra",
    "inventory",
    "law",
    "notices",
    "requests",
    "retention",
    "static",
    "tables",
    "vault",
    "web",
]
type SourceId = Literal[
    "policy", "pdp", "kup", "uu8-1997", "uu8-2010", "pojk8-2023", "permenkominfo20-2016"
]
type ObligationId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)+$")]
type NodeId = Annotated[
    str, StringConstraints(pattern=r"^tests/[a-z0-9_/]+/test_\w+\.py(::\w+)+(\[[^\]]+\])?$")
]


class Obligation(Value):
    """One duty, in our words.

    ``article`` is a section of the policy or an article of the law; the id begins with source and
    article, so that it can be read alone. ``quote`` is the policy's own sentence, for promises of
    the policy. ``applies_if`` is a condition of the law that somebody has to affirm.
    """

    id: ObligationId
    source: SourceId
    article: Words | None = None
    text: Words
    quote: Words | None = None
    confidence: Confidence | None = None
    applies_if: Words | None = None
    capability: Capability | None = None
    organisational: Words | None = None
    tests: Any0[NodeId]

    @property
    def status(self) -> Status:
        """Return kept, open or organisational, from what the obligation names."""
        if self.organisational is not None:
            return "organisational"
        return "kept" if self.tests else "open"

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        article = re.match(r"\w+", self.article) if self.article else None
        start = f"{self.source}-{article[0]}-" if article else f"{self.source}-"
        if not self.id.startswith(start):
            raise ValueError(f"the id does not begin with {start}")
        if (self.capability is None) == (self.organisational is None):
            raise ValueError("either a capability keeps it, or a reason says why none can")
        if self.organisational is not None and self.tests:
            raise ValueError("what no software can keep, no test can show")
        if (self.source == "policy") != (self.quote is not None):
            raise ValueError("a promise of the policy, and only that, quotes it")
        if len(set(self.tests)) != len(self.tests):
            raise ValueError("a test is named twice")
        return self


class _File(Value):
    obligations: Many[Obligation]


def load(directory: Path = DIRECTORY) -> tuple[Obligation, ...]:
    """Read the register's files in `directory`, in the order of their names.

    Raises PolicyInvalid for a file that is no TOML or breaks the model, and for an id that occurs
    twice.
    """
    found: list[Obligation] = []
    for path in sorted(directory.glob("*.toml")):
        try:
            found += _File.model_validate(tomllib.loads(path.read_text("utf-8"))).obligations
        except tomllib.TOMLDecodeError:
            raise PolicyInvalid(f"{path.name} is no TOML") from None
        except ValidationError as invalid:
            errors = invalid.errors(include_input=False)
            raise PolicyInvalid(
                *(f"{path.name} at {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in errors)
            ) from None
    if not found:
        raise PolicyInvalid("the register holds no obligation")
    twice = [each for each, n in Counter(each.id for each in found).items() if n > 1]
    if twice:
        raise PolicyInvalid(*(f"{each} occurs twice" for each in twice))
    return tuple(found)

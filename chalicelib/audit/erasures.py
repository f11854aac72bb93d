"""The signed documents of the erasure ledger: what a link of their chain says, and where it stands.

Object `erasures/<number>.jws` of the write-once bucket, a compact JWS whose `typ` is
`jaga-erasures+jws` and whose payload is

    version     1
    number      1 for the first, then without a gap
    previous    hex, SHA-256 of the JWS text before, 32 zero bytes for number 1
    from, to    the time that it covers, `from` being `to` of the one before
    created_at  when it was made
    lines       [{at, kind, id, means, rule, …}] as in chalicelib/vault/ledger.py, in their order

Ids only: no line says who somebody was.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from chalicelib.audit.entry import HASH_BYTES
from chalicelib.audit.jws import Jws
from chalicelib.clock import from_millis, rfc3339, to_millis
from chalicelib.errors import Internal
from chalicelib.vault.ledger import Line

KIND = "jaga-erasures+jws"
MOST_LINES = 2_000
"""In one document; lines of one millisecond are never parted."""
_LONGEST = 8 * 1024 * 1024
_VERSION = 1
_ALWAYS = ("at", "kind", "id", "means", "rule")


class UnreadableErasures(Internal):
    """A signed document is none of the ledger of a version that this code knows."""

    code = "unreadable_erasures"


@dataclass(frozen=True, slots=True)
class Erasures:
    """One link: the lines from `start` to before `end` (both ms since 1970 UTC)."""

    number: int
    previous: bytes
    start: int
    end: int
    created_at: int
    lines: tuple[Line, ...]

    def payload(self) -> dict[str, Any]:
        """What is signed."""
        return {
            "version": _VERSION,
            "number": self.number,
            "previous": self.previous.hex(),
            "from": rfc3339(from_millis(self.start)),
            "to": rfc3339(from_millis(self.end)),
            "created_at": rfc3339(from_millis(self.created_at)),
            "lines": [_line_to_json(each) for each in self.lines],
        }

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Self:
        """The document signed as `payload`. Raises `UnreadableErasures`."""
        try:
            document = cls(
                int(payload["number"]),
                bytes.fromhex(payload["previous"]),
                _millis(payload["from"]),
                _millis(payload["to"]),
                _millis(payload["created_at"]),
                tuple(_line_from_json(each) for each in payload["lines"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            raise UnreadableErasures("field") from None
        if document.payload() != payload or len(document.previous) != HASH_BYTES:
            raise UnreadableErasures("not in its one form")
        return document


def parse(text: str) -> tuple[Jws, Erasures]:
    """A document whose signature nobody has checked yet. Raises `UnreadableJws`,
    `UnreadableErasures`."""
    jws = Jws.parse(text, _LONGEST)
    return jws, Erasures.from_payload(jws.payload)


def erasures_key(number: int) -> str:
    """The object that holds document `number`. There is one name, so there is one document."""
    return f"erasures/{number:010d}.jws"


def _line_to_json(line: Line) -> dict[str, str]:
    fixed = (rfc3339(line.moment), line.kind, line.id, line.means, line.rule)
    return {**line.facts, **dict(zip(_ALWAYS, fixed, strict=True))}


def _line_from_json(value: Mapping[str, Any]) -> Line:
    kind, id_, means, rule = (str(value[name]) for name in _ALWAYS[1:])
    facts = {name: str(fact) for name, fact in value.items() if name not in _ALWAYS}
    return Line(_millis(value["at"]), kind, id_, means, rule, facts)


def _millis(value: Any) -> int:
    return to_millis(datetime.fromisoformat(value))

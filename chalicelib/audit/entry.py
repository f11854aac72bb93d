"""One entry of a chain: who did what to which entity, linked to the entry before it.

The hash of an entry is `canonical.digest("jaga.entry.v1", fields)` where `fields` is the map

    id        S   opaque, random: 80 bits nobody can guess, so that a published hash reveals nothing
    entity    S   "type/id"
    seq       N   1 for the first entry, then without a gap
    at        N   milliseconds since 1970-01-01 UTC
    actor     S   "kind/id"
    action    S   what was done, a constant such as `request.opened`
    facts     M   constants, ids, numbers and hashes
    previous  B   the hash of the entry before, 32 zero bytes for the first

Nothing here may be personal data: the trail outlives every erasure. Every text is therefore held
to an alphabet without blanks and without "@": neither an e-mail address nor a name with its blank
gets in by mistake.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from chalicelib.audit.canonical import digest
from chalicelib.clock import from_millis
from chalicelib.errors import Internal
from chalicelib.tables.codec import Item, Value
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem

type Fact = str | int | bool

HASH_BYTES = 32
GENESIS = bytes(HASH_BYTES)

_WORD = re.compile(r"[a-z][a-z0-9_.]{0,63}", re.ASCII)
_OPAQUE = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
_FACT = re.compile(r"[A-Za-z0-9._:,/-]{0,256}", re.ASCII)
_SEQ_DIGITS = 12

SCHEMA = Schema("audit_entry")


class UnfitForTrail(Internal):
    """Something that must not enter the trail was about to: the message names the field only."""

    code = "unfit_for_trail"


@dataclass(frozen=True, slots=True)
class Entity:
    """What a chain is about: a type (`request`) and an opaque id. Raises `UnfitForTrail`."""

    type: str
    id: str

    def __post_init__(self) -> None:
        _hold("entity type", _WORD, self.type)
        _hold("entity id", _OPAQUE, self.id)

    def __str__(self) -> str:
        return f"{self.type}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The entity written as `type/id`. Raises `UnfitForTrail`."""
        return cls(*_halves(text))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acted: a kind (`system`, `staff`, `subject`, ...) and an opaque id.

    Raises `UnfitForTrail`.
    """

    kind: str
    id: str

    def __post_init__(self) -> None:
        _hold("actor kind", _WORD, self.kind)
        _hold("actor id", _OPAQUE, self.id)

    def __str__(self) -> str:
        return f"{self.kind}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The actor written as `kind/id`. Raises `UnfitForTrail`."""
        return cls(*_halves(text))


@dataclass(frozen=True, slots=True)
class Entry:
    """One link. `hash` is computed, never given. Raises `UnfitForTrail`."""

    id: str
    entity: Entity
    seq: int
    at: int
    actor: Actor
    action: str
    facts: Mapping[str, Fact]
    previous: bytes
    hash: bytes = field(init=False)

    def __post_init__(self) -> None:
        _hold("id", _OPAQUE, self.id)
        _hold("action", _WORD, self.action)
        for name, fact in self.facts.items():
            _hold("fact name", _WORD, name)
            if not isinstance(fact, int):
                _hold(f"fact {name}", _FACT, fact)
        if self.seq < 1 or len(self.previous) != HASH_BYTES:
            raise UnfitForTrail("seq or previous")
        object.__setattr__(self, "hash", digest("jaga.entry.v1", self.fields()))

    @property
    def moment(self) -> datetime:
        """`at` as an aware UTC time."""
        return from_millis(self.at)

    def fields(self) -> Item:
        """Exactly what is hashed."""
        facts: dict[str, Value] = {}
        facts.update(self.facts)
        return {
            "id": self.id,
            "entity": str(self.entity),
            "seq": self.seq,
            "at": self.at,
            "actor": str(self.actor),
            "action": self.action,
            "facts": facts,
            "previous": self.previous,
        }

    @classmethod
    def from_fields(cls, fields: Mapping[str, Value]) -> Self:
        """The entry with these `fields`; others are ignored. Raises `UnreadableItem`."""
        match fields:
            case {
                "id": str(id_),
                "entity": str(entity),
                "seq": int(seq),
                "at": int(at),
                "actor": str(actor),
                "action": str(action),
                "facts": dict(facts),
                "previous": bytes(previous),
            }:
                pass
            case _:
                raise UnreadableItem(SCHEMA.item_type)
        plain = {name: fact for name, fact in facts.items() if isinstance(fact, str | int)}
        if len(plain) != len(facts):
            raise UnreadableItem(SCHEMA.item_type)
        try:
            return cls(
                id_, Entity.parse(entity), seq, at, Actor.parse(actor), action, plain, previous
            )
        except UnfitForTrail as unfit:
            raise UnreadableItem(SCHEMA.item_type) from unfit

    def item(self) -> Item:
        """The entry as the audit table stores it: its fields, its hash and its key."""
        key = entry_key(self.entity, self.seq)
        return SCHEMA.stamp({**self.fields(), "hash": self.hash, "pk": key.pk, "sk": key.sk})


def entry_key(entity: Entity, seq: int) -> Key:
    """Where entry `seq` of `entity` stands in the audit table. Keys sort as `seq` counts."""
    return Key(compose("ENTITY", entity.type, entity.id), f"{seq:0{_SEQ_DIGITS}d}")


def _hold(what: str, alphabet: re.Pattern[str], text: str) -> None:
    if not isinstance(text, str) or alphabet.fullmatch(text) is None:
        raise UnfitForTrail(what)


def _halves(text: str) -> tuple[str, str]:
    first, separator, second = text.partition("/")
    if not separator:
        raise UnfitForTrail("no type before an id")
    return first, second

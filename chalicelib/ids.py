"""The only source of new identifiers. Everything else is handed an `Ids`."""

import secrets
from datetime import datetime
from typing import Protocol

from chalicelib.clock import Clock, to_millis

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [high + low for high in _CROCKFORD for low in _CROCKFORD]
_RANDOM_BITS = 80


def before_all_of(moment: datetime) -> str:
    """A text that sorts before every ULID made from `moment` (aware) on, and after the others."""
    millis = to_millis(moment)
    return "".join([_CROCKFORD[millis >> shift & 31] for shift in range(45, -1, -5)])


class Ids(Protocol):
    def new(self) -> str:
        """A fresh, unguessable, opaque identifier that sorts by the time of its making."""
        ...


class UlidFactory:
    """ULIDs: 48 bits of milliseconds, 80 random bits, 26 characters of Crockford's base 32."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def new(self) -> str:
        value = to_millis(self._clock.now()) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        return "".join([_PAIRS[value >> shift & 1023] for shift in range(120, -1, -10)])

"""One-time codes: six digits by mail, for one address and one purpose.

    pk       CODE#<purpose>#<blind index of the address>
    sk       CODE
    code_id  which code this is
    mac      HMAC-SHA-256 of the code under a key of its own: six digits can be tried out, so a
             plain hash would give them away to whoever reads the table
    language the one that the code was asked for in
    tries    how often somebody tried
    expires  when the code ends, in milliseconds
    ttl      when DynamoDB may sweep the item

A new code takes the place of the one before. Each try is counted before it is compared, by an
atomic addition under a condition, so that of any number of tries at once five are compared.

An address that was sent no code is treated the same: its tries are counted in an item of the same
shape, with a MAC that no code has and an end in the past, and the sixth try fails as it would. So
the answers, the calls and the time they take tell nobody for which addresses a code is under way
(bench/access.py counts it out).
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import cast

from chalicelib.clock import Clock, to_millis
from chalicelib.errors import Forbidden
from chalicelib.notices.models import Language
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import Condition
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Delete, Put

CODE_LIFE = timedelta(minutes=10)
MOST_TRIES = 5
ONE_TIME_CODE = Schema("one_time_code")
_KEPT = timedelta(hours=1)
_DIGITS = 6
_NO_CODE: Item = {
    "code_id": "0" * 26,
    "mac": bytes(32),
    "language": "en",
    "expires": 1_000_000_000_000,  # 2001
}
"""What a try finds where no code is: as many bytes of every kind as where one is."""

# Of tries at once, each takes one of the five turns; the rest find none left.
_TRY_LEFT = Condition("attribute_not_exists(tries) OR tries < :most", values={":most": MOST_TRIES})


class InvalidCode(Forbidden):
    """Wrong, expired, used, tried too often or never sent: one word for all of them."""

    code = "invalid_code"


@dataclass(frozen=True, slots=True)
class CodePlace:
    """What a code is for and whose: the purpose, and the address as its blind index."""

    purpose: str
    address: str

    @property
    def key(self) -> Key:
        return Key(compose("CODE", self.purpose, self.address), "CODE")


@dataclass(frozen=True, slots=True)
class Spent:
    """The write that uses a right code up, and the language that it was asked for in."""

    once: Delete
    language: Language


def new_code() -> str:
    """Six digits that nobody can foresee."""
    return f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"


class Codes:
    """Stores codes as MACs and spends them. `mac_key` gives the 32 bytes of their key."""

    def __init__(self, records: Table, clock: Clock, mac_key: Callable[[], bytes]) -> None:
        self._records = records
        self._clock = clock
        self._mac_key = mac_key

    def issue(self, place: CodePlace, code_id: str, code: str, language: Language) -> Put:
        """The write that makes `code` the only one of its place, with all five tries."""
        now = self._clock.now()
        item: Item = {
            "pk": place.key.pk,
            "sk": place.key.sk,
            "code_id": code_id,
            "mac": self._mac(place, code),
            "language": language,
            "tries": 0,
            "expires": to_millis(now + CODE_LIFE),
            "ttl": ceil((now + _KEPT).timestamp()),
        }
        # Unconditional: the newest code is the one that counts, whatever was there.
        return Put(self._records, ONE_TIME_CODE.stamp(item))

    def spend(self, place: CodePlace, code: str) -> Spent:
        """Counts a try; if `code` is right and in force, the write that uses it up.

        The write fails with `InvalidCode` when somebody else used it up or asked for another
        meanwhile. Raises `InvalidCode`. One UpdateItem, whatever comes of it.
        """
        now = self._clock.now()
        kept = ONE_TIME_CODE.stamp({"ttl": ceil((now + _KEPT).timestamp())})
        tried = self._records.update(
            place.key, _TRY_LEFT, put=kept, keep=_NO_CODE, add={"tries": 1}
        )
        mac = self._mac(place, code)
        match tried or _NO_CODE:
            case {
                "mac": bytes(right),
                "expires": int(expires),
                "code_id": str(code_id),
                "language": str(language),
            } if hmac.compare_digest(mac, right) and to_millis(now) < expires:
                pass
            case _:
                raise InvalidCode
        # Two right answers at once: one deletes the code, the other finds it gone.
        still_this_one = Condition("code_id = :id", values={":id": code_id})
        once = Delete(self._records, place.key, still_this_one, InvalidCode)
        return Spent(once, cast("Language", language))

    def _mac(self, place: CodePlace, code: str) -> bytes:
        return hmac.digest(self._mac_key(), f"{place.key.pk}#{code}".encode(), hashlib.sha256)

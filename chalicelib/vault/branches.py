"""Branch keys: one active per purpose, renewed every 30 days, old ones kept for what they wrap.

Stored in the table `keys` under `BRANCH#<purpose>` / ULID, wrapped by KMS. The newest is active.
Two containers that renew at once both store one: each data key names the branch that wraps it, so
both stay usable, and the newer is active for whoever looks next. Not worth a lock.
"""

from collections.abc import Iterable
from datetime import timedelta

from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.ids import Ids
from chalicelib.tables.codec import Item
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.vault.cache import KeyCache
from chalicelib.vault.errors import SealBroken
from chalicelib.vault.keys import BranchKey
from chalicelib.vault.kms import Branch, KeyService

ROTATION = timedelta(days=30)

_SCHEMA = Schema("branch_key")


class BranchKeys:
    """Branch keys by identity, and the active one of a purpose, behind a cache."""

    def __init__(
        self, keys: Table, kms: KeyService, clock: Clock, ids: Ids, *, size: int, life: timedelta
    ) -> None:
        self._keys = keys
        self._kms = kms
        self._clock = clock
        self._ids = ids
        self._plain: KeyCache[Branch, BranchKey] = KeyCache(clock, size=size, life=life)
        self._active: KeyCache[str, Branch] = KeyCache(clock, size=size, life=life)

    def active(self, purpose: str) -> tuple[Branch, BranchKey]:
        """The branch that wraps new data keys of `purpose`; a new one every 30 days."""
        branch = self._active.get(purpose) or self._newest(purpose)
        if branch is None:
            return self._make(purpose)
        return branch, self.get([branch])[branch]

    def get(self, branches: Iterable[Branch]) -> dict[Branch, BranchKey]:
        """The keys of `branches`: cached, or one batch read, and one Decrypt each.

        Raises `SealBroken` for a branch that is not stored or that KMS does not open.
        """
        wanted = set(branches)
        found = {branch: key for branch in wanted if (key := self._plain.get(branch))}
        missing = wanted - found.keys()
        if missing:
            items = self._keys.batch_get(map(_key, missing), consistent=True)
            for branch in missing:
                found[branch] = self._unwrap(branch, items.get(_key(branch)))
        return found

    def _newest(self, purpose: str) -> Branch | None:
        page = self._keys.query(_partition(purpose), newest_first=True, limit=1, consistent=True)
        if not page.items:
            return None
        item = _SCHEMA.lift(page.items[0])
        renewal = from_millis(_integer(item["made_at"])) + ROTATION
        if self._clock.now() >= renewal:
            return None
        branch = Branch(purpose, str(item["sk"]))
        self._active.put(purpose, branch, not_after=renewal)
        return branch

    def _make(self, purpose: str) -> tuple[Branch, BranchKey]:
        now = self._clock.now()
        branch = Branch(purpose, self._ids.new())
        plain, wrapped = self._kms.generate(branch)
        at = _key(branch)
        item: Item = {"pk": at.pk, "sk": at.sk, "wrapped": wrapped, "made_at": to_millis(now)}
        standing = self._keys.put_new(_SCHEMA.stamp(item))
        # A write whose answer was lost is repeated and finds its own item. Any other item is an id
        # that came twice: never wrap under a key that was not stored.
        if standing is not None and standing.get("wrapped") != wrapped:
            raise SealBroken
        self._plain.put(branch, plain)
        self._active.put(purpose, branch, not_after=now + ROTATION)
        return branch, plain

    def _unwrap(self, branch: Branch, item: Item | None) -> BranchKey:
        if item is None:
            raise SealBroken
        wrapped = _SCHEMA.lift(item)["wrapped"]
        if not isinstance(wrapped, bytes):
            raise SealBroken
        key = self._kms.unwrap(branch, wrapped)
        self._plain.put(branch, key)
        return key


def _partition(purpose: str) -> str:
    return compose("BRANCH", purpose)


def _key(branch: Branch) -> Key:
    return Key(_partition(branch.purpose), branch.id)


def _integer(value: object) -> int:
    if not isinstance(value, int):
        raise SealBroken
    return value

"""Data keys: one per scope, wrapped under a branch key, destroyed by a single delete.

    KMS key -> branch key (branches.py) -> data key of a scope -> sealed items

A data key stands in the table `keys` under `SCOPE#<scope>` / `KEY`, sealed under its branch key
and bound to that place, to the branch and to the KMS context; with a `ttl` when it expires by
itself. A destroyed scope stands in the erasure ledger (ledger.py). Making a key checks the ledger
in the same transaction and destroying one writes it in the same transaction, so a scope has at most
one key in its life and a destroyed one never comes back.

**The window.** Plaintext keys are cached for at most five minutes, and another container does not
hear of a destruction. Until its copy expires it can still open what is under the scope, and still
seal under it; what it seals is unreadable for everybody afterwards. So nothing comes back to life,
but such a write would be accepted and then lost. A command that must not lose it puts `still_there`
into its transaction: then it fails with `KeyDestroyed` and stores nothing. A single hot write
cannot; it is for scopes that are only destroyed once nobody may write to them any more.
"""

import math
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.clock import Clock
from chalicelib.errors import DomainError
from chalicelib.ids import Ids
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, PRESENT
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import (
    Action,
    Check,
    ConditionFailed,
    Delete,
    Put,
    run_command,
)
from chalicelib.vault.branches import BranchKeys
from chalicelib.vault.cache import LONGEST_LIFE, KeyCache
from chalicelib.vault.errors import KeyDestroyed, SealBroken
from chalicelib.vault.keys import KEY_BYTES, BranchKey, DataKey, Scope
from chalicelib.vault.kms import Branch, KeyService
from chalicelib.vault.ledger import ErasureLedger
from chalicelib.vault.sealing import SealContext, open_sealed, seal

_DATA_KEY = Schema("data_key")


class _Taken(KeyDestroyed):
    """Another writer made the scope's key first. Never leaves this module."""


@dataclass(frozen=True, slots=True)
class _Wrapped:
    """A stored data key: the branch it hangs from, the sealed key, when it ends."""

    scope: Scope
    branch: Branch
    sealed: bytes
    expires: datetime | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key of a scope that never had one, and the writes that store it.

    It counts once the transaction with these writes went through.
    """

    key: DataKey
    actions: list[Action]


class Keyring:
    """Finds, makes and destroys the data keys of scopes."""

    def __init__(
        self,
        keys: Table,
        ledger: ErasureLedger,
        kms: KeyService,
        clock: Clock,
        ids: Ids,
        *,
        cache_size: int = 1000,
        cache_life: timedelta = LONGEST_LIFE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`ValueError` for a cache of less than one key or a life above five minutes."""
        self._keys = keys
        self._ledger = ledger
        self._kms = kms
        self._clock = clock
        self._sleep = sleep
        self._branches = BranchKeys(keys, kms, clock, ids, size=cache_size, life=cache_life)
        self._plain: KeyCache[str, DataKey] = KeyCache(clock, size=cache_size, life=cache_life)

    def key_to_seal(
        self,
        scope: Scope,
        expires: datetime | None = None,
        beside: Callable[[], Sequence[Action]] = list,
    ) -> DataKey:
        """The key of `scope`, made if there never was one; then it ends at `expires` (aware), and
        what `beside` builds is written with it or not at all.

        The first caller's `expires` stands, to the second, rounded up. Raises `KeyDestroyed` when
        the scope is in the erasure ledger or its key has ended.
        """
        return (
            self._plain.get(scope.value)
            or self._stored(scope)
            or self._make(scope, expires, beside)
        )

    def new_key(
        self,
        scope: Scope,
        expires: datetime | None = None,
        otherwise: type[DomainError] = ConditionFailed,
    ) -> NewKey:
        """A key for `scope`, which never had one, for a command that stores it with its change.

        With the branch key cached, no AWS call; nothing is cached, since the command may fail. The
        transaction meets `otherwise` when the scope has a key, and `KeyDestroyed` when it had one.
        Raises `KeyDestroyed` when `expires` (aware) is over.
        """
        if expires is not None and expires <= self._clock.now():
            raise KeyDestroyed
        branch, branch_key = self._branches.active(scope.purpose)
        key = DataKey(os.urandom(KEY_BYTES))
        at = _key_of(scope)
        item: Item = {
            "pk": at.pk,
            "sk": at.sk,
            "branch": branch.id,
            "wrapped": seal(branch_key, key.material, self._context(scope, branch)),
        }
        if expires is not None:
            item["ttl"] = _seconds(expires)
        return NewKey(
            key,
            [
                # Of two creators one wins.
                Put(self._keys, _DATA_KEY.stamp(item), ABSENT, otherwise),
                # A destroyed scope is never made anew, however stale the writer.
                self._ledger.never_destroyed(scope),
            ],
        )

    def key_to_open(self, scope: Scope) -> DataKey:
        """The key of `scope`. Raises `KeyDestroyed` when it has none. Calls as `keys_to_open`."""
        key = self._plain.get(scope.value) or self.keys_to_open([scope]).get(scope)
        if key is None:
            raise KeyDestroyed
        return key

    def keys_to_open(self, scopes: Iterable[Scope]) -> dict[Scope, DataKey]:
        """The keys of `scopes`; a scope without a living key is missing from the answer.

        For what the cache lacks one batch read of data keys, and for branches that it lacks one
        batch read and one Decrypt each. A key that was not found is looked for once more with a
        consistent read, so that a fresh one is never taken for destroyed.
        """
        wanted = set(scopes)
        found = {scope: key for scope in wanted if (key := self._plain.get(scope.value))}
        wrapped = self._read(wanted - found.keys())
        branches = self._branches.get(each.branch for each in wrapped)
        for each in wrapped:
            found[each.scope] = self._unwrap(each, branches[each.branch])
        return found

    def mac_key(self, name: str, version: int = 1) -> bytes:
        """32 bytes that serve nothing but the authentication called `name`."""
        return self.key_to_seal(Scope.mac(name, version)).material

    def still_there(self, scope: Scope) -> Action:
        """A check for a command's transaction: `KeyDestroyed` if the key went since it was read."""
        return Check(self._keys, _key_of(scope), PRESENT, KeyDestroyed)

    def destroy_actions(self, scope: Scope, rule: str = "") -> list[Action]:
        """What destroys the key of `scope`, for one transaction with the audit entry.

        The ledger says that it went in the name of `rule`. The transaction fails with
        `KeyDestroyed` if there is no key. Call `forget` after it went through. What is under the
        scope is unreadable at once where `forget` was called, within five minutes everywhere (the
        window, above), and in backups of `keys` after one day.
        """
        return [
            Delete(self._keys, _key_of(scope), PRESENT, KeyDestroyed),
            *self._ledger.key_actions(scope, rule),
        ]

    def is_destroyed(self, scope: Scope) -> bool:
        """Whether the scope has no key and can get none any more, read consistently."""
        return self._ledger.is_marked(scope) and not self.has_key(scope)

    def has_key(self, scope: Scope) -> bool:
        """Whether there is a key of `scope`, read consistently."""
        return self._keys.get(_key_of(scope), consistent=True) is not None

    def destroyed_again_actions(self, scope: Scope, at: datetime) -> list[Action]:
        """What makes it true again, after a restore, that the key went at `at` (aware).

        The ledger has its line already. Call `forget` after it went through. May be repeated.
        """
        return [Delete(self._keys, _key_of(scope)), self._ledger.mark(scope, at)]

    def forget(self, scope: Scope) -> None:
        """Drops the plaintext key of `scope` from this container's memory."""
        self._plain.forget(scope.value)

    def _stored(self, scope: Scope) -> DataKey | None:
        # Eventually consistent: who misses a fresh key learns of it from the conditional write.
        item = self._keys.get(_key_of(scope))
        return self._from_item(scope, item) if item else None

    def _make(
        self, scope: Scope, expires: datetime | None, beside: Callable[[], Sequence[Action]]
    ) -> DataKey:
        fresh = self.new_key(scope, expires, otherwise=_Taken)
        try:
            run_command(self._keys.client, lambda: [*fresh.actions, *beside()], sleep=self._sleep)
        except _Taken:
            winner = self._keys.get(_key_of(scope), consistent=True)
            if winner is None:
                raise KeyDestroyed from None
            return self._from_item(scope, winner)
        end = None if expires is None else _moment(_seconds(expires))
        self._plain.put(scope.value, fresh.key, not_after=end)
        return fresh.key

    def _from_item(self, scope: Scope, item: Item) -> DataKey:
        wrapped = self._parse(scope, item)
        if wrapped is None:
            raise KeyDestroyed
        return self._unwrap(wrapped, self._branches.get([wrapped.branch])[wrapped.branch])

    def _read(self, scopes: set[Scope]) -> list[_Wrapped]:
        found: list[_Wrapped] = []
        for consistent in (False, True):
            if not scopes:
                break
            items = self._keys.batch_get(map(_key_of, scopes), consistent=consistent)
            stored = {scope: items[_key_of(scope)] for scope in scopes if _key_of(scope) in items}
            parsed = (self._parse(scope, item) for scope, item in stored.items())
            found += [each for each in parsed if each is not None]
            scopes = scopes - stored.keys()
        return found

    def _parse(self, scope: Scope, item: Item) -> _Wrapped | None:
        item = _DATA_KEY.lift(item)
        expires = _moment(item.get("ttl"))
        if expires is not None and self._clock.now() >= expires:
            return None  # DynamoDB deletes expired items within days, not within the second
        match item:
            case {"branch": str(branch), "wrapped": bytes(sealed)}:
                return _Wrapped(scope, Branch(scope.purpose, branch), sealed, expires)
        raise SealBroken

    def _unwrap(self, wrapped: _Wrapped, branch_key: BranchKey) -> DataKey:
        context = self._context(wrapped.scope, wrapped.branch)
        key = DataKey(open_sealed(branch_key, wrapped.sealed, context))
        self._plain.put(wrapped.scope.value, key, not_after=wrapped.expires)
        return key

    def _context(self, scope: Scope, branch: Branch) -> SealContext:
        at = _key_of(scope)
        bound = tuple(f"{name}={value}" for name, value in self._kms.context(branch).items())
        return SealContext(
            self._keys.logical, at.pk, at.sk, _DATA_KEY.item_type, _DATA_KEY.version, bound
        )


def _key_of(scope: Scope) -> Key:
    return Key(compose("SCOPE", scope.value), "KEY")


def _seconds(moment: datetime) -> int:
    return math.ceil(moment.timestamp())


def _moment(ttl: object) -> datetime | None:
    return datetime.fromtimestamp(ttl, UTC) if isinstance(ttl, int) else None

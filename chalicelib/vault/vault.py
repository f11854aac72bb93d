"""What stores use: seal and open by scope, without ever holding a key."""

from collections.abc import Callable, Sequence
from datetime import datetime

from chalicelib.tables.transactions import Action
from chalicelib.vault.keyring import Keyring
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import (
    SealContext,
    check_plaintext,
    check_sealed,
    open_sealed,
    seal,
)


class Vault:
    """Seals confidential bytes under the key of their scope, for one place in one table."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def seal(
        self,
        scope: Scope,
        context: SealContext,
        plaintext: bytes,
        key_expires: datetime | None = None,
        beside_key: Callable[[], Sequence[Action]] = list,
    ) -> bytes:
        """`plaintext` sealed: 73 bytes longer. With the scope's key cached, no AWS call.

        A key that has to be made first ends at `key_expires` (aware), and with it all under the
        scope; what `beside_key` builds is in the transaction that makes it. Raises `TooLongToSeal`,
        `KeyDestroyed`.
        """
        check_plaintext(plaintext)
        key = self._keyring.key_to_seal(scope, key_expires, beside_key)
        return seal(key, plaintext, context)

    def seal_first(
        self, scope: Scope, context: SealContext, plaintext: bytes
    ) -> tuple[bytes, list[Action]]:
        """`plaintext` sealed under a new key of `scope`, and the writes that store the key.

        For the transaction that stores what is sealed: then neither is without the other, and the
        key takes no call of its own. Raises `TooLongToSeal`; for the writes see `Keyring.new_key`.
        """
        check_plaintext(plaintext)
        fresh = self._keyring.new_key(scope)
        return seal(fresh.key, plaintext, context), fresh.actions

    def open(self, scope: Scope, context: SealContext, sealed: bytes) -> bytes:
        """The plaintext. Raises `SealBroken`, or `KeyDestroyed` when the scope has no key."""
        check_sealed(sealed)
        return open_sealed(self._keyring.key_to_open(scope), sealed, context)

    def open_many(self, items: Sequence[tuple[Scope, SealContext, bytes]]) -> list[bytes | None]:
        """The plaintexts in order, None where the scope has no key. Raises `SealBroken`.

        One batch read for all scopes whose keys are not cached.
        """
        for _, _, sealed in items:
            check_sealed(sealed)
        keys = self._keyring.keys_to_open(scope for scope, _, _ in items)
        return [
            open_sealed(key, sealed, context) if (key := keys.get(scope)) else None
            for scope, context, sealed in items
        ]

    def destroy_actions(self, scope: Scope, rule: str = "") -> list[Action]:
        """What makes all under `scope` unreadable, for one transaction (`Keyring.destroy_actions`).

        Call `forget` after it went through.
        """
        return self._keyring.destroy_actions(scope, rule)

    def has_key(self, scope: Scope) -> bool:
        """Whether there is a key of `scope`, read consistently."""
        return self._keyring.has_key(scope)

    def destroyed_again_actions(self, scope: Scope, at: datetime) -> list[Action]:
        """What makes it true again after a restore that the key went at `at` (aware).

        Call `forget` after it went through. May be repeated.
        """
        return self._keyring.destroyed_again_actions(scope, at)

    def forget(self, scope: Scope) -> None:
        """Drops the key of `scope` from this container's memory."""
        self._keyring.forget(scope)

    def still_there(self, scope: Scope) -> Action:
        """For a command's transaction: it fails with `KeyDestroyed` if the scope's key went.

        Closes the window of `keyring.py` for writers whose write must not be lost.
        """
        return self._keyring.still_there(scope)

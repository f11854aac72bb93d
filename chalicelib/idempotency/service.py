"""Carrying out a command once per idempotency key (docs/adr/0011).

    earlier = idempotency.earlier(call)             a repeat is answered here
    earlier = idempotency.run(call, result, build)  or here, when it came at the same moment

The result is noted in the transaction that makes the change: whenever a process dies, either both
are there or none, and the repeat knows.
"""

import secrets
from collections.abc import Callable, Sequence

from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.store import Repeated, ResultStore
from chalicelib.tables.codec import Item
from chalicelib.tables.transactions import Action, RunCommand


class Idempotency:
    """Commands that a caller may repeat. A call without a key (None) is never a repeat."""

    def __init__(self, store: ResultStore, run_command: RunCommand) -> None:
        self._store = store
        self._run_command = run_command

    def earlier(self, call: KeyedCall | None) -> Item | None:
        """The result of `call` if it was carried out within 24 hours, else None.

        Raises `IdempotencyConflict`. Ask before any check whose answer may change meanwhile.
        """
        return None if call is None else self._store.find(call)

    def run(
        self, call: KeyedCall | None, result: Item, build: Callable[[], Sequence[Action]]
    ) -> Item | None:
        """Carries out the command that `build` makes and notes its `result` (ids, times): None.

        `build` may fill the result. When `call` was carried out a moment ago, changes nothing and
        gives the result of then. Raises `IdempotencyConflict`, and what the command's conditions
        mean.
        """
        if call is None:
            self._run_command(build)
            return None
        try:
            self._run_command(lambda: self._noting(call, result, build()))
        except Repeated:
            earlier = self._store.find(call)
            if earlier is None:  # it ended between the two
                raise
            return earlier
        return None

    def _noting(self, call: KeyedCall, result: Item, actions: Sequence[Action]) -> Sequence[Action]:
        # First: where the first call moved what this one builds on, the repeat is the reason.
        return [self._store.addition(call, result), *actions]

    def secret(self, call: KeyedCall | None, about: str) -> bytes:
        """32 secret bytes: the same for the repeats of `call`, random for a call without a key.

        What is made of them can be told again without being kept: it takes the caller's key and
        ours. `about` names what it is for.
        """
        return secrets.token_bytes(32) if call is None else self._store.secret(call, about)

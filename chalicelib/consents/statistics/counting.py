"""Counting whom the tables' streams bring: in each cell everybody once.

That holds however often somebody decides, and however often a stream delivers it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import batched
from typing import Any

from chalicelib.clock import Clock
from chalicelib.consents.event_store import CONSENT_EVENT
from chalicelib.consents.statistics.models import Occurrence
from chalicelib.consents.statistics.reading import choices, consents, inserted
from chalicelib.consents.statistics.store import CellStore
from chalicelib.cookies.models import Preference
from chalicelib.tables.codec import Item
from chalicelib.tables.transactions import Action, RunCommand

type OpenChoices = Callable[[Sequence[Item]], list[Preference]]
"""Those choices of the items that can be opened; of the others operators hear."""

_PREFERENCE = "preference"
"""The type of the items that choices are stored in; what else they are, their own store knows."""
_AT_ONCE = 50
"""Occurrences in one transaction of at most 100 items: a marker each, and at most a cell each."""


class _AllCounted(Exception):
    """Nothing is left to count."""


class Counting:
    """Counts people. Both methods return how many records they passed over as senseless.

    They raise `Contended`, `ReadIncomplete` and the clients' errors; then the stream delivers all
    of it again, and who is counted already stays counted once.
    """

    def __init__(
        self, store: CellStore, open_choices: OpenChoices, clock: Clock, run_command: RunCommand
    ) -> None:
        self._store = store
        self._open_choices = open_choices
        self._clock = clock
        self._run_command = run_command

    def consents(self, event: Mapping[str, Any]) -> int:
        """Counts what a stream `event` of the `records` table brings of consents.

        In its steady state two transactional writes of a kilobyte for a record that comes alone,
        little more than one in a batch, and none for somebody whom its cell holds already.
        """
        items, senseless = inserted(event, CONSENT_EVENT.item_type)
        occurrences, unread = consents(items)
        self._count(occurrences)
        return senseless + unread

    def preferences(self, event: Mapping[str, Any]) -> int:
        """Counts what a stream `event` of the `preferences` table brings.

        Language and choices are sealed: they are opened here under the key of their site and day,
        of which one read is enough for all.
        """
        items, senseless = inserted(event, _PREFERENCE)
        opened = self._open_choices(items)
        occurrences, unread = choices(opened)
        self._count(occurrences)
        return senseless + len(items) - len(opened) + unread

    def _count(self, occurrences: Iterable[Occurrence]) -> None:
        for some in batched(dict.fromkeys(occurrences), _AT_ONCE, strict=False):
            with suppress(_AllCounted):
                self._run_command(partial(self._writes, some))

    def _writes(self, occurrences: Sequence[Occurrence]) -> list[Action]:
        fresh = self._store.uncounted(occurrences)
        if not fresh:
            raise _AllCounted
        return self._store.additions(fresh, self._clock.now())

"""Applying the rows of imports: one transaction each, which moves the import on by that row.

    rows, one after the other ──> the end, with the key      until a minute is over; then
                              └─> new work in the outbox     another worker goes on

A worker that dies leaves an import that stands right behind the last row that was applied; the
queue brings its work back. Of two workers the slower one finds that it was overtaken, and stops:
the other's work is in the queue for as long as rows are left. Work that fails again and again is
buried with an alarm, as other work is (worker.py); the import waits there, and goes on from its
row when somebody queues the message anew.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from chalicelib.audit.entry import Actor
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.consents.book import SaidBefore
from chalicelib.consents.imports.models import CREATED, UNCHANGED, Import, Refusal, Row
from chalicelib.consents.imports.part_store import PartStore
from chalicelib.consents.imports.service import IMPORT_WORK, import_entity
from chalicelib.consents.imports.store import ImportStore, Overtaken
from chalicelib.consents.receiving import collected, identifiers
from chalicelib.consents.service import Consents
from chalicelib.consents.wire import CollectedIn
from chalicelib.errors import Conflict, InvalidInput, NotFound
from chalicelib.notices.outbox import Outbox
from chalicelib.parsing import parse_json
from chalicelib.tables.transactions import Action, RunCommand

SHIFT = timedelta(seconds=60)
"""How long a worker applies rows: half of its function's time, so it ends by its own will."""
_WORKER = Actor("system", "import_consents")


class Applying:
    """Applies imports."""

    def __init__(
        self,
        imports: ImportStore,
        parts: PartStore,
        consents: Consents,
        outbox: Outbox,
        trail: Trail,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._imports = imports
        self._parts = parts
        self._consents = consents
        self._outbox = outbox
        self._trail = trail
        self._clock = clock
        self._run_command = run_command

    def carry_on(self, import_id: str) -> None:
        """Applies the rows that are left, for a minute; nothing is left of one that ended.

        What speaks against a row is noted under its code. Raises what keeps rows from being
        applied or refused: `RowsMissing`, `KeyDestroyed`, `Contended`, …
        """
        until = self._clock.now() + SHIFT
        import_ = self._imports.get(import_id)
        if import_ is None or import_.ended_at is not None:
            return
        with suppress(Overtaken):
            for row in self._parts.rows(import_):
                if self._clock.now() >= until:
                    self._move(import_, lambda: self._outbox.work(IMPORT_WORK, import_id).actions)
                    return
                import_ = self._apply(import_, row)
            self._end(import_)

    def _apply(self, import_: Import, row: Row) -> Import:
        body = parse_json(CollectedIn, row.text.encode())
        who = Actor("platform", import_.client_id)
        try:
            said = self._consents.said(collected(body))
            return self._move(
                import_.after(CREATED),
                lambda: self._consents.recording(identifiers(body), said, who)[1],
            )
        except SaidBefore:
            return self._move(import_.after(UNCHANGED), list)
        except (Conflict, InvalidInput, NotFound) as refusal:
            noted = self._imports.refusal(import_, Refusal(row.number, refusal.code))
            return self._move(import_.after(refusal.code), lambda: [noted])

    def _end(self, import_: Import) -> None:
        created, unchanged = (import_.outcomes.get(each, 0) for each in (CREATED, UNCHANGED))
        facts = {
            "created": created,
            "unchanged": unchanged,
            "refused": import_.done - created - unchanged,
        }
        entity = import_entity(import_.import_id)
        ended = replace(import_, ended_at=from_millis(to_millis(self._clock.now())))
        self._move(
            ended,
            lambda: [
                *self._parts.destroy_actions(import_),
                *self._trail.actions(entity, _WORKER, "import.ended", facts),
            ],
        )
        self._parts.forget(import_)

    def _move(self, import_: Import, writes: Callable[[], list[Action]]) -> Import:
        """Stores the import together with `writes`. Raises `Overtaken`."""
        changed, change = self._imports.change(import_)
        self._run_command(lambda: [change, *writes()])
        return changed

"""Taking in files of consents that were collected elsewhere."""

from dataclasses import dataclass

from chalicelib.audit.entry import Actor, Entity
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.consents.imports.checking import Checker
from chalicelib.consents.imports.models import Fault, Format, Import, OnInvalid, Refusal, Report
from chalicelib.consents.imports.part_store import PartStore
from chalicelib.consents.imports.store import ImportStore
from chalicelib.errors import NotFound
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.ids import Ids
from chalicelib.notices.outbox import Outbox
from chalicelib.tables.codec import Item
from chalicelib.tables.transactions import Action

IMPORT_WORK = "import_consents"
"""The kind of work in the outbox that applies an import."""


class UnknownImport(NotFound):
    """No such import within 30 days, or not this client's."""

    code = "unknown_import"


@dataclass(frozen=True, slots=True)
class Progress:
    """An import, what was wrong with rows that were not taken, and what was refused since."""

    import_: Import
    faults: list[Fault]
    refusals: list[Refusal]


class ConsentImports:
    """Takes imports in and shows them."""

    def __init__(
        self,
        checker: Checker,
        imports: ImportStore,
        parts: PartStore,
        outbox: Outbox,
        trail: Trail,
        clock: Clock,
        ids: Ids,
        idempotency: Idempotency,
    ) -> None:
        self._checker = checker
        self._imports = imports
        self._parts = parts
        self._outbox = outbox
        self._trail = trail
        self._clock = clock
        self._ids = ids
        self._idempotency = idempotency

    def take_in(
        self,
        format_: Format,
        content: str,
        on_invalid: OnInvalid,
        client_id: str,
        call: KeyedCall | None,
    ) -> Progress | Report:
        """The import that was made of the file; the report alone where nothing was taken.

        That is where a row is bad and bad rows are not to be skipped, or no row is good. The rows
        are stored first, in parts; one transaction makes the import of them. Raises
        `UnreadableFile`, `IdempotencyConflict`.
        """
        earlier = self._idempotency.earlier(call)
        if earlier is None:
            report = self._checker.check(format_, content)
            if not report.good or (report.invalid and on_invalid is OnInvalid.REFUSE):
                return report
            made = self._made(report, client_id)
            self._parts.keep(made, report.good)
            told: Item = {"import": made.import_id}
            earlier = self._idempotency.run(call, told, lambda: self._making(made, report)) or told
        return self.progress(str(earlier["import"]), client_id)

    def progress(self, import_id: str, client_id: str) -> Progress:
        """How far the client's import has come. Raises `UnknownImport`."""
        import_ = self._imports.get(import_id)
        if import_ is None or import_.client_id != client_id:
            raise UnknownImport
        return Progress(import_, self._imports.faults(import_id), self._imports.refusals(import_id))

    def _made(self, report: Report, client_id: str) -> Import:
        # Milliseconds are what is stored, so that the key, the parts and the import end as one.
        now = from_millis(to_millis(self._clock.now()))
        return Import(self._ids.new(), client_id, len(report.good), report.invalid, now)

    def _making(self, made: Import, report: Report) -> list[Action]:
        entity, who = import_entity(made.import_id), Actor("platform", made.client_id)
        facts = {"valid": made.valid, "invalid": made.invalid}
        return [
            *self._imports.addition(made, report.faults),
            self._parts.still_there(made),
            *self._trail.first_actions(entity, who, "import.accepted", facts),
            *self._outbox.work(IMPORT_WORK, made.import_id).actions,
        ]


def import_entity(import_id: str) -> Entity:
    """The chain of one import."""
    return Entity("consent_import", import_id)

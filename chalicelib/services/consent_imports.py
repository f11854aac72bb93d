"""The services of consents that come by the file."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.services.consents import ConsentServices

if TYPE_CHECKING:
    from chalicelib.consents.imports.applying import Applying
    from chalicelib.consents.imports.part_store import PartStore
    from chalicelib.consents.imports.service import ConsentImports
    from chalicelib.consents.imports.store import ImportStore


class ConsentImportServices(ConsentServices):
    """Taking files in, and applying their rows."""

    @cached_property
    def consent_imports(self) -> "ConsentImports":
        from chalicelib.consents.imports.checking import Checker
        from chalicelib.consents.imports.service import ConsentImports

        return ConsentImports(
            Checker(self._shown_texts, self.clock),
            self._imports,
            self._import_parts,
            self.outbox,
            self.trail,
            self.clock,
            self.ids,
            self.idempotency,
        )

    @cached_property
    def applying(self) -> "Applying":
        from chalicelib.consents.imports.applying import Applying

        return Applying(
            self._imports,
            self._import_parts,
            self.consents,
            self.outbox,
            self.trail,
            self.clock,
            self.run_command,
        )

    @cached_property
    def _imports(self) -> "ImportStore":
        from chalicelib.consents.imports.store import ImportStore

        return ImportStore(self.records, self.clock)

    @cached_property
    def _import_parts(self) -> "PartStore":
        from chalicelib.consents.imports.part_store import PartStore

        return PartStore(self.records, self.vault)

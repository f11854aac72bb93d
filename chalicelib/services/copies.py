"""The services of copies of a person's data."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.services.audit import AuditServices
from chalicelib.services.requests import RequestServices

if TYPE_CHECKING:
    from chalicelib.requests.copies.builder import CopyBuilder
    from chalicelib.requests.copies.parts import Parts
    from chalicelib.requests.copies.service import Copies


class CopyServices(AuditServices, RequestServices):
    """Parts, archives, links."""

    @cached_property
    def copies(self) -> "Copies":
        from chalicelib.requests.copies.service import Copies
        from chalicelib.requests.copies.store import CopyStore
        from chalicelib.requests.receiving import Receivers
        from chalicelib.retention.own.place import OwnCollection

        return Copies(
            CopyStore(self.records),
            self._exports,
            Receivers(self.request_book, self.subjects).look,
            lambda copies: self.own_reading.over(OwnCollection.EXPORTS, copies),
            self.trail,
            self.clock,
            self.run_command,
        )

    @cached_property
    def copy_parts(self) -> "Parts":
        from chalicelib.requests.copies.parts import Parts

        return Parts(self._exports, self.vault, self.ids)

    @cached_property
    def copy_builder(self) -> "CopyBuilder":
        from chalicelib.requests.copies.builder import CopyBuilder

        return CopyBuilder(self._exports, self.copy_parts, self.signer, self.clock, self.ids)

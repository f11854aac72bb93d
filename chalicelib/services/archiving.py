"""The services of the archive that rows of connected places are moved to."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.services.audit import AuditServices
from chalicelib.services.connectors import ConnectorServices
from chalicelib.services.holds import HoldServices
from chalicelib.services.own import OwnServices

if TYPE_CHECKING:
    from chalicelib.connectors.places import Places
    from chalicelib.retention.archiving.copies import Copies, Row
    from chalicelib.retention.archiving.deed import Archiving
    from chalicelib.retention.archiving.service import Archive
    from chalicelib.retention.records.models import Place
    from chalicelib.tables.transactions import Check


class ArchiveServices(AuditServices, OwnServices, HoldServices, ConnectorServices):
    """Moving rows into the archive, reading them there, ending them."""

    @cached_property
    def archive(self) -> "Archive":
        from chalicelib.retention.archiving.service import Archive

        return Archive(
            self._held_records,
            self.archived_copies,
            self.schedules.in_force,
            self.trail,
            self.clock,
            self.run_command,
        )

    @cached_property
    def archiving(self) -> "Archiving":
        from chalicelib.retention.archiving.deed import Archiving

        return Archiving(
            self._held_records,
            self.archived_copies,
            ConnectedRows(lambda: self.places),
            self.holds,
            self.outbox,
            self.clock,
            self.ids,
            self.run_command,
        )

    @cached_property
    def archived_copies(self) -> "Copies":
        from chalicelib.retention.archiving.copies import Copies
        from chalicelib.retention.archiving.objects import ArchiveBucket

        return Copies(ArchiveBucket(self.s3, self.settings.archive_bucket), self.vault)


class ConnectedRows:
    """`deed.Rows` of the places of the data map in force."""

    def __init__(self, places: "Callable[[], Places]") -> None:
        self._places = places

    def copies(self, at: "Place") -> "Sequence[Row]":
        return self._places().at(at.place).copies(at.collection, at.reference)

    def take(self, at: "Place", copied: "Sequence[Row]", guard: "Sequence[Check]") -> None:
        self._places().at(at.place).take(at.collection, at.reference, copied, guard)

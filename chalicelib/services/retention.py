"""The services that know how long data is kept."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.services.messages import MessageServices

if TYPE_CHECKING:
    from chalicelib.retention.schedule.preview_store import PreviewStore
    from chalicelib.retention.schedule.service import Schedules


class RetentionServices(MessageServices):
    """The schedule, and what a change of it would do."""

    @cached_property
    def schedules(self) -> "Schedules":
        from chalicelib.inventory.service import data_categories, retention_rules
        from chalicelib.retention.schedule.checks import check_schedule
        from chalicelib.retention.schedule.service import Schedules
        from chalicelib.retention.schedule.store import ScheduleStore

        return Schedules(
            ScheduleStore(self.records),
            self._schedule_previews,
            lambda schedule: check_schedule(schedule, data_categories(), retention_rules()),
            self.outbox,
            self.trail,
            self.clock,
            self.idempotency,
            self.run_command,
        )

    @cached_property
    def _schedule_previews(self) -> "PreviewStore":
        from chalicelib.retention.schedule.preview_store import PreviewStore

        return PreviewStore(self.records)

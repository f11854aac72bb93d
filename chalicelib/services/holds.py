"""The services of legal holds."""

from functools import cached_property
from typing import TYPE_CHECKING, cast

from chalicelib.services.messages import MessageServices

if TYPE_CHECKING:
    from chalicelib.notices.models import Language
    from chalicelib.retention.holds.reminding import HoldReminders
    from chalicelib.retention.holds.service import Holds
    from chalicelib.retention.holds.store import HoldStore


class HoldServices(MessageServices):
    """Holds, and who is reminded of them."""

    @cached_property
    def holds(self) -> "Holds":
        from chalicelib.retention.holds.service import Holds

        return Holds(
            self._hold_store,
            self.index,
            self.outbox,
            self.trail,
            self.clock,
            self.ids,
            self.idempotency,
            self.run_command,
        )

    @cached_property
    def hold_reminders(self) -> "HoldReminders":
        from chalicelib.retention.holds.reminding import HoldReminders

        settings = self.settings
        return HoldReminders(
            self._hold_store,
            self.outbox,
            self.trail,
            [each.strip() for each in settings.alert_address.split(",")],
            cast("Language", settings.alert_language),
            self.clock,
            self.run_command,
        )

    @cached_property
    def _hold_store(self) -> "HoldStore":
        from chalicelib.retention.holds.store import HoldStore

        return HoldStore(self.records, self.vault)

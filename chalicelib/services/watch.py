"""The services that watch the laws' dates."""

from functools import cached_property
from typing import TYPE_CHECKING, cast

from chalicelib.services.requests import RequestServices
from chalicelib.services.webhooks import WebhookServices

if TYPE_CHECKING:
    from chalicelib.notices.models import Language
    from chalicelib.requests.watching import Watcher


class WatchServices(RequestServices, WebhookServices):
    """Alerts and lapse."""

    @cached_property
    def watcher(self) -> "Watcher":
        from chalicelib.requests.alerts import Alerts
        from chalicelib.requests.lapsing import Lapsing
        from chalicelib.requests.watch_store import WatchStore
        from chalicelib.requests.watching import Watcher
        from chalicelib.requests.watching_terms import terms

        settings = self.settings
        store = WatchStore(self.records)
        alerts = Alerts(
            store,
            self.outbox,
            self.webhook_events.announcement,
            self.trail,
            [each.strip() for each in settings.alert_address.split(",")],
            cast("Language", settings.alert_language),
        )
        lapsing = Lapsing(self._request_store, self.outbox, self.trail)
        return Watcher(store, alerts, lapsing, terms(), self.clock, self.run_command)

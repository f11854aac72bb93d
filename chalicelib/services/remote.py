"""The services of places that answer later."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.services.webhooks import WebhookServices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.connectors.remote.answers import RemoteAnswers
    from chalicelib.connectors.remote.asking import RemoteDeeds
    from chalicelib.connectors.remote.task_store import RemoteTaskStore


class RemoteServices(WebhookServices):
    """Asking by webhook, and taking the answers."""

    @cached_property
    def remote_tasks(self) -> "RemoteTaskStore":
        from chalicelib.connectors.remote.task_store import RemoteTaskStore

        return RemoteTaskStore(self.records, self.vault)

    @cached_property
    def remote_deeds(self) -> "RemoteDeeds":
        from chalicelib.connectors.remote.asking import RemoteDeeds

        return RemoteDeeds(self.remote_tasks, self.outbox, self.clock)

    @cached_property
    def remote_answers(self) -> "RemoteAnswers":
        from chalicelib.connectors.remote.answers import RemoteAnswers

        return RemoteAnswers(
            self.remote_tasks,
            self.webhook_verifying,
            self.outbox,
            _citations,
            self.run_command,
        )


def _citations() -> "Mapping[str, str]":
    from chalicelib.inventory.service import mandates

    return {each.id: each.citation for each in mandates().values()}

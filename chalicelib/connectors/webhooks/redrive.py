"""Sending an endpoint's dead letters again."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.audit.entry import Actor
from chalicelib.audit.trail import Trail
from chalicelib.connectors.webhooks.dead_letters import DeadLetters
from chalicelib.connectors.webhooks.endpoint_store import EndpointStore
from chalicelib.connectors.webhooks.models import DeadLetter, EndpointState
from chalicelib.connectors.webhooks.service import UnknownWebhook, webhook_entity
from chalicelib.errors import Conflict
from chalicelib.ids import Ids
from chalicelib.notices.messages import State
from chalicelib.notices.outbox_actions import OutboxActions
from chalicelib.notices.outbox_store import OutboxStore
from chalicelib.tables.transactions import Action, RunCommand

AT_ONCE = 9
"""Messages a transaction: each has at most 400 KB, a transaction 4 MB."""

_ROUNDS = 10


class WebhookPaused(Conflict):
    """What is sent to a paused endpoint becomes its dead letter: resume it first."""

    code = "webhook_paused"


@dataclass(frozen=True, slots=True)
class Redriven:
    """How many dead letters were queued again, and whether there are more."""

    count: int
    remaining: bool


class Redrive:
    """Queues the messages of dead letters again, under their old ids."""

    def __init__(
        self,
        endpoints: EndpointStore,
        dead_letters: DeadLetters,
        outbox: OutboxStore,
        outbox_actions: OutboxActions,
        trail: Trail,
        ids: Ids,
        run_command: RunCommand,
    ) -> None:
        self._endpoints = endpoints
        self._dead_letters = dead_letters
        self._outbox = outbox
        self._outbox_actions = outbox_actions
        self._trail = trail
        self._ids = ids
        self._run_command = run_command

    def run(self, actor: Actor, endpoint_id: str) -> Redriven:
        """Queues up to 90 of the endpoint's dead letters again, oldest message first.

        Nine at a time, each nine with their entry in the trail: what was done before a failure
        stays done. Raises `UnknownWebhook`, `WebhookPaused`, `Overtaken`.
        """
        endpoint = self._endpoints.get(endpoint_id)
        if endpoint is None:
            raise UnknownWebhook
        if endpoint.state is EndpointState.PAUSED:
            raise WebhookPaused
        count = 0
        for _ in range(_ROUNDS):
            page = self._dead_letters.page(endpoint_id, limit=AT_ONCE)
            if page.letters:
                self._redrive(actor, endpoint_id, page.letters)
                count += len(page.letters)
            if page.last is None:
                return Redriven(count, remaining=False)
        return Redriven(count, remaining=True)

    def _redrive(self, actor: Actor, endpoint_id: str, letters: Sequence[DeadLetter]) -> None:
        def build() -> list[Action]:
            actions: list[Action] = []
            for letter in letters:
                actions.append(self._dead_letters.removal(letter))
                message = self._outbox.get(letter.message_id)
                # None: it ended between our two reads, 30 days after it was queued.
                if message is not None and message.state is State.DEAD:
                    actions += self._outbox_actions.resurrection(message, self._ids.new())
            facts = {"messages": len(letters)}
            return [
                *actions,
                *self._trail.actions(webhook_entity(endpoint_id), actor, "webhook.redriven", facts),
            ]

        self._run_command(build)

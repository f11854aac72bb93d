"""Giving an event up: it becomes a dead letter of its endpoint, in the very write that says so."""

from collections.abc import Callable

from chalicelib.clock import Clock, to_millis
from chalicelib.connectors.webhooks.dead_letters import DeadLetters
from chalicelib.connectors.webhooks.models import DeadLetter
from chalicelib.notices.messages import Message
from chalicelib.notices.outbox_actions import OutboxActions
from chalicelib.tables.transactions import RunCommand


class GivingUp:
    """Gives claimed events up. `on_dead` hears of each."""

    def __init__(
        self,
        outbox_actions: OutboxActions,
        dead_letters: DeadLetters,
        clock: Clock,
        run_command: RunCommand,
        on_dead: Callable[[], None],
    ) -> None:
        self._outbox_actions = outbox_actions
        self._dead_letters = dead_letters
        self._clock = clock
        self._run_command = run_command
        self._on_dead = on_dead

    def give_up(self, message: Message, reason: str, *, attempts: int) -> None:
        """Buries the claimed `message` after so many attempts. `reason` is a stable code.

        Raises `Overtaken` when somebody else claimed it meanwhile.
        """
        letter = DeadLetter(
            endpoint_id=str(message.endpoint),
            message_id=message.id,
            event=message.kind,
            reason=reason,
            attempts=attempts,
            at=to_millis(self._clock.now()),
            ends_at=message.ends_at,
        )
        self._run_command(
            lambda: [
                self._outbox_actions.burial(message, reason),
                self._dead_letters.addition(letter),
            ]
        )
        self._on_dead()

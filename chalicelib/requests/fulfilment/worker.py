"""Doing the work that a queue names: claimed by one worker at a time, tried again, given up.

    claim (130 s) ─> do ─> mark as done

A worker that dies leaves a claim, which lapses; the queue brings the message back. What fails waits
under a lease until its next try. Claims are counted, so that work which kills whoever does it ends
too. After the last try a place's task counts as failed, which a person sees to; other work is
buried, which raises an alarm (docs/requests.md).
"""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta

from chalicelib.clock import Clock
from chalicelib.errors import DomainError, Internal
from chalicelib.notices.consumer import Later
from chalicelib.notices.messages import Message
from chalicelib.notices.outbox_store import OutboxStore
from chalicelib.telemetry import log_failure

LEASE = timedelta(seconds=130)
"""Longer than a worker lives (its function's timeout), so a live one never loses its claim."""
PAUSES = tuple(timedelta(seconds=each) for each in (2, 10, 60, 300, 900, 1800, 3600))
"""Between one try and the next: an outage of nearly two hours passes unnoticed."""

type Do = Callable[[str, str], None]
"""Does work on what it is about: a request's id, or another's, and a place or nothing."""
type GiveUp = Callable[[str, str, str], None]
"""Hands work to a person: what it is about, as above, and the code of what went wrong."""


class UnknownWork(Internal):
    """The outbox names work of a kind that nobody knows."""

    code = "unknown_work"


class WorkerDied(Internal):
    """Whoever did this work died over it, as often as it is tried."""

    code = "worker_died"


class Worker:
    """Does the work of the outbox by its kind. `on_dead` hears of what is buried."""

    def __init__(
        self,
        outbox: OutboxStore,
        work: Mapping[str, Do],
        give_up: Mapping[str, GiveUp],
        clock: Clock,
        on_dead: Callable[[], None],
    ) -> None:
        self._outbox = outbox
        self._work = work
        self._give_up = give_up
        self._clock = clock
        self._on_dead = on_dead

    def deliver(self, body: str) -> None:
        """Does the work that the queue's message `body` names, unless it is done.

        Raises `Later` for another try.
        """
        message_id = str(json.loads(body)["id"])
        message = self._outbox.claim(message_id, LEASE, counted=True)
        if message is None:
            if (seconds := self._outbox.wait(message_id)) is not None:
                raise Later(seconds)
            return
        if message.attempts > len(PAUSES) + 1:
            self._end(message, WorkerDied.code)
        else:
            self._try(message)
        self._outbox.mark_sent(message_id)

    def _try(self, message: Message) -> None:
        try:
            self._work.get(message.kind, _unknown)(*_about(message))
        except Exception as error:  # whatever it was, another try or a person
            log_failure(error, "")
            if message.attempts <= len(PAUSES):
                pause = PAUSES[message.attempts - 1]
                self._outbox.postpone(message, self._clock.now() + pause)
                raise Later(int(pause.total_seconds()) + 1) from error
            self._end(message, error.code if isinstance(error, DomainError) else Internal.code)

    def _end(self, message: Message, code: str) -> None:
        if give_up := self._give_up.get(message.kind):
            give_up(*_about(message), code)
        elif self._outbox.bury(message, code):
            self._on_dead()


def _unknown(_about: str, _place: str) -> None:
    raise UnknownWork


def _about(message: Message) -> tuple[str, str]:
    about, _, place = str(message.about).partition("/")
    return about, place

"""Doing the work that a queue names: claimed by one worker at a time, tried again, given up.

    claim (130 s) ─> do ─> mark as done

A worker that dies leaves a claim, which lapses; the queue brings the message back. What fails waits
under a lease until its next try. After the last one a place's task counts as failed, which a person
sees to; other work is buried, which raises an alarm (docs/requests.md).
"""

import json
from collections.abc import Callable
from datetime import timedelta

from chalicelib.clock import Clock
from chalicelib.connectors.remote import answers as remote
from chalicelib.errors import DomainError, Internal
from chalicelib.notices.consumer import Later
from chalicelib.notices.messages import Message
from chalicelib.notices.outbox_store import OutboxStore
from chalicelib.requests.fulfilment import planning
from chalicelib.requests.fulfilment.asking import AnswersOfPlaces
from chalicelib.requests.fulfilment.concluding import Concluding
from chalicelib.requests.fulfilment.models import Stage
from chalicelib.requests.fulfilment.tasks import Tasks
from chalicelib.requests.fulfilment.wiping import Wiping
from chalicelib.telemetry import log_failure

LEASE = timedelta(seconds=130)
"""Longer than a worker lives (its function's timeout), so a live one never loses its claim."""
PAUSES = tuple(timedelta(seconds=each) for each in (2, 10, 60, 300, 900, 1800, 3600))
"""Between one try and the next: an outage of nearly two hours passes unnoticed."""

_STAGES = {planning.PREPARE: Stage.PREPARING, planning.CARRY_OUT: Stage.CARRYING_OUT}


class Worker:
    """Does the work of the outbox. `on_dead` hears of what is buried."""

    def __init__(
        self,
        outbox: OutboxStore,
        planner: planning.Planning,
        tasks: Tasks,
        concluding: Concluding,
        wiping: Wiping,
        answers: AnswersOfPlaces,
        clock: Clock,
        on_dead: Callable[[], None],
    ) -> None:
        self._outbox = outbox
        self._planner = planner
        self._tasks = tasks
        self._concluding = concluding
        self._wiping = wiping
        self._answers = answers
        self._clock = clock
        self._on_dead = on_dead

    def deliver(self, body: str) -> None:
        """Does the work that the queue's message `body` names, unless it is done.

        Raises `Later` for another try.
        """
        message_id = str(json.loads(body)["id"])
        message = self._outbox.claim(message_id, LEASE)
        if message is None:
            if (seconds := self._outbox.wait(message_id)) is not None:
                raise Later(seconds)
            return
        try:
            self._do(message.kind, str(message.about))
        except Exception as error:  # noqa: BLE001  # whatever it was, another try or a person
            log_failure(error, "")
            self._again(message, error)
        self._outbox.mark_sent(message_id)

    def _do(self, kind: str, about: str) -> None:
        request_id, _, place = about.partition("/")
        match kind:
            case planning.PLAN:
                self._planner.plan(request_id)
            case planning.PREPARE:
                self._tasks.prepare(request_id, place)
                self._wiping.sweep(request_id)
            case planning.CARRY_OUT:
                self._tasks.carry_out(request_id, place)
            case planning.CONCLUDE:
                self._concluding.conclude(request_id)
                self._wiping.sweep(request_id)
            case planning.WIPE:
                self._wiping.wipe(request_id)
            case remote.ANSWERED:
                if answered := self._answers.take(about):
                    self._wiping.sweep(answered)
            case _:
                raise UnknownWork

    def _again(self, message: Message, error: Exception) -> None:
        """Raises `Later`; returns when it was the last try and a person sees to it from here."""
        if message.attempts < len(PAUSES):
            pause = PAUSES[message.attempts]
            self._outbox.retry(message, self._clock.now() + pause)
            raise Later(int(pause.total_seconds()) + 1)
        code = error.code if isinstance(error, DomainError) else Internal.code
        if stage := _STAGES.get(message.kind):
            request_id, _, place = str(message.about).partition("/")
            self._tasks.fail(request_id, place, stage, code)
        elif self._outbox.bury(message, code):
            self._on_dead()


class UnknownWork(Internal):
    """The outbox names work of a kind that nobody knows."""

    code = "unknown_work"

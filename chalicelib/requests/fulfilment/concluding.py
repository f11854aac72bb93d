"""Ending a request that was carried out: once every place has its verdict, in one transaction.

It says how the request ended, tells the person, and does to our own records what the request asked
for (effects.py). The recipients (UU PDP 45, GDPR 19) are told in a transaction before it: there may
be fifty of them, and one transaction takes a hundred writes.
"""

from contextlib import suppress
from dataclasses import replace

from chalicelib.audit.entry import Fact
from chalicelib.clock import Clock
from chalicelib.connectors.places import Deed
from chalicelib.notices.outbox import Outbox
from chalicelib.requests.book import RequestBook
from chalicelib.requests.copies.models import BuiltCopy
from chalicelib.requests.fulfilment.effects import Effects
from chalicelib.requests.fulfilment.messages import Messages
from chalicelib.requests.fulfilment.models import NothingLeft, Progress, Stage
from chalicelib.requests.fulfilment.plan_store import PlanStore
from chalicelib.requests.fulfilment.planning import WORKER
from chalicelib.requests.fulfilment.recipients import Recipients
from chalicelib.requests.fulfilment.rules import ending, retained_rules
from chalicelib.requests.letters import letter
from chalicelib.requests.models import Closing
from chalicelib.requests.rules import moved
from chalicelib.tables.transactions import Action, RunCommand

_LETTERS = {
    Deed.COPY: "request_copy_ready",
    Deed.ERASE: "request_erased",
    Deed.CORRECT: "request_corrected",
    Deed.RESTRICT: "request_restricted",
}


class Concluding:
    """Ends requests."""

    def __init__(
        self,
        book: RequestBook,
        plans: PlanStore,
        effects: Effects,
        recipients: Recipients,
        messages: Messages,
        outbox: Outbox,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._book = book
        self._plans = plans
        self._effects = effects
        self._recipients = recipients
        self._messages = messages
        self._outbox = outbox
        self._clock = clock
        self._run_command = run_command

    def conclude(self, request_id: str) -> None:
        """Ends the request; one that ended is left alone."""
        progress = self._concluding(request_id)
        if progress is None:
            return
        request = self._book.get(request_id)
        built = self._effects.prepare(request, progress)
        with suppress(NothingLeft):
            self._run_command(lambda: self._telling(request_id))
        with suppress(NothingLeft):
            self._run_command(lambda: self._ending(request_id, built))
        self._effects.settle(request, progress)

    def _concluding(self, request_id: str) -> Progress | None:
        progress = self._plans.get(request_id)
        return progress if progress and progress.plan.stage is Stage.CONCLUDING else None

    def _telling(self, request_id: str) -> list[Action]:
        progress = self._concluding(request_id)
        if progress is None or progress.plan.told:
            raise NothingLeft
        told = self._recipients.told(self._book.get(request_id), progress)
        if not told:
            raise NothingLeft
        if progress.plan.deed is not Deed.ERASE:  # who is to erase must hear of it all the same
            told = self._messages.noted(request_id, told)
        # With the plan: a worker that follows one that died tells nobody twice.
        return [self._plans.change_plan(replace(progress.plan, told=True)), *told]

    def _ending(self, request_id: str, built: BuiltCopy | None) -> list[Action]:
        progress = self._concluding(request_id)
        if progress is None:
            raise NothingLeft
        request = self._book.get(request_id)
        event, rules = ending(progress.tasks), retained_rules(progress.tasks)
        ended = replace(
            moved(request, event),
            closing=Closing(self._clock.now(), tuple(f"retention/{rule}" for rule in rules)),
        )
        mail = letter(self._outbox, request, _LETTERS[progress.plan.deed])
        facts: dict[str, Fact] = {"kept": len(rules), **(built.facts() if built else {})}
        if mail is not None:
            ended = replace(ended, messages=(*ended.messages, mail.message_id))
        return [
            # Of two workers who conclude at once, one ends it; the other finds NothingLeft.
            self._plans.change_plan(replace(progress.plan, stage=Stage.ENDED)),
            *(mail.actions if mail else []),
            *self._book.news(ended),
            *self._book.entry(request, WORKER, f"request.{event.value}", facts),
            *self._book.end(request),
            *self._effects.actions(progress, ended, built),
        ]

"""Ending a request that was carried out: once every place has its verdict, in one transaction.

It says how the request ended, tells the person, and does to our own records what the request asked
for (effects.py). The recipients (UU PDP 45, GDPR 19) are told in a transaction before it: there may
be fifty of them, and one transaction takes a hundred writes.

An erasure that a legal hold is on (restraint.py) ends as a restriction: in part, no key is
destroyed, and the person is told of the hold's review date.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import date

from chalicelib.audit.entry import Fact
from chalicelib.clock import Clock
from chalicelib.connectors.places import Deed
from chalicelib.notices.outbox import Outbox, Queued
from chalicelib.requests.book import RequestBook
from chalicelib.requests.copies.models import BuiltCopy
from chalicelib.requests.fulfilment.effects import Effects
from chalicelib.requests.fulfilment.models import NothingLeft, Progress, Stage
from chalicelib.requests.fulfilment.plan_store import PlanStore
from chalicelib.requests.fulfilment.planning import WORKER
from chalicelib.requests.fulfilment.recipients import Recipients
from chalicelib.requests.fulfilment.restraint import LEGAL_HOLD, Restraint
from chalicelib.requests.fulfilment.rules import ending, retained_rules
from chalicelib.requests.letters import letter
from chalicelib.requests.models import Closing, DataRequest
from chalicelib.requests.rules import Event, moved
from chalicelib.retention.holds.models import Held
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
        restraint: Restraint,
        recipients: Recipients,
        outbox: Outbox,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._book = book
        self._plans = plans
        self._effects = effects
        self._restraint = restraint
        self._recipients = recipients
        self._outbox = outbox
        self._clock = clock
        self._run_command = run_command

    def conclude(self, request_id: str) -> None:
        """Ends the request; one that ended is left alone."""
        progress = self._concluding(request_id)
        if progress is None:
            return
        request = self._book.get(request_id)
        try:
            self._conclude(request, progress, self._held_until(request, progress))
        except Held:  # placed a moment ago
            self._conclude(request, progress, self._held_until(request, progress))

    def _held_until(self, request: DataRequest, progress: Progress) -> date | None:
        if progress.plan.deed is not Deed.ERASE:
            return None
        return self._restraint.until_of(request, progress.tasks)

    def _conclude(self, request: DataRequest, progress: Progress, until: date | None) -> None:
        """Raises `Held` where nothing is known to be held `until` a date, and something is."""
        request_id, meant = request.request_id, _meant(progress, until)
        built = self._effects.prepare(request, meant)
        with suppress(NothingLeft):
            self._run_command(lambda: self._telling(request_id, until))
        with suppress(NothingLeft):
            self._run_command(lambda: self._ending(request_id, built, until))
        self._effects.settle(request, meant)

    def _concluding(self, request_id: str) -> Progress | None:
        progress = self._plans.get(request_id)
        return progress if progress and progress.plan.stage is Stage.CONCLUDING else None

    def _telling(self, request_id: str, until: date | None) -> list[Action]:
        progress = self._concluding(request_id)
        if progress is None or progress.plan.told:
            raise NothingLeft
        request, meant = self._book.get(request_id), _meant(progress, until)
        told = self._recipients.told(request, meant)
        if not told:
            raise NothingLeft
        # With the plan: a worker that follows one that died tells nobody twice.
        return [
            self._plans.change_plan(replace(progress.plan, told=True)),
            *told,
            *self._guard(request, meant),
        ]

    def _guard(self, request: DataRequest, meant: Progress) -> list[Action]:
        """Of an ending and a hold at once one wins: a key that is destroyed is gone."""
        return [*self._restraint.checks(request)] if meant.plan.deed is Deed.ERASE else []

    def _ending(self, request_id: str, built: BuiltCopy | None, until: date | None) -> list[Action]:
        progress = self._concluding(request_id)
        if progress is None:
            raise NothingLeft
        request, meant = self._book.get(request_id), _meant(progress, until)
        event, rules = ending(progress.tasks), retained_rules(progress.tasks)
        if until is not None:  # whatever the places had, our own records stay
            event, rules = Event.PARTLY_COMPLETED, tuple(sorted({*rules, LEGAL_HOLD}))
        ended = replace(
            moved(request, event),
            closing=Closing(self._clock.now(), tuple(f"retention/{rule}" for rule in rules)),
        )
        mail = self._letter(request, meant, until)
        facts: dict[str, Fact] = {"kept": len(rules), **(built.facts() if built else {})}
        if until is not None:
            facts["held_until"] = until.isoformat()
        if mail is not None:
            ended = replace(ended, messages=(*ended.messages, mail.message_id))
        return [
            # Of two workers who conclude at once, one ends it; the other finds NothingLeft.
            self._plans.change_plan(replace(progress.plan, stage=Stage.ENDED)),
            *(mail.actions if mail else []),
            *self._book.news(ended),
            *self._book.entry(request, WORKER, f"request.{event.value}", facts),
            *self._ended(request, meant, built),
            *self._effects.actions(meant, ended, built),
            *self._guard(request, meant),
        ]

    def _ended(
        self, request: DataRequest, meant: Progress, built: BuiltCopy | None
    ) -> list[Action]:
        if meant.plan.deed is Deed.ERASE:
            return self._book.end(request)
        return self._book.close(request, built.object_id if built else "")

    def _letter(self, request: DataRequest, meant: Progress, until: date | None) -> Queued | None:
        if until is None:
            return letter(self._outbox, request, _LETTERS[meant.plan.deed])
        return letter(self._outbox, request, "request_held", review_on=until.isoformat())


def _meant(progress: Progress, until: date | None) -> Progress:
    """What is done to our own records: an erasure that is held back is a restriction."""
    if until is None:
        return progress
    return replace(progress, plan=replace(progress.plan, deed=Deed.RESTRICT))

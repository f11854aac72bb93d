"""The work on an ended engagement: its records learn of it, and later somebody looks what is left.

Both go through the client's records in the order of their ids, page by page, and note after each
page how far they are and what they counted: a worker that dies is followed by one that counts
nothing twice. What is counted is read, so a page that was half done is counted as a whole. Of two
workers the slower one finds that the engagement has moved on, and stops.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from chalicelib.audit.entry import Actor
from chalicelib.audit.jws import Signer
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.notices.outbox import Outbox
from chalicelib.retention.engagements.certificates import certificate
from chalicelib.retention.engagements.models import Count, Engagement, Stage
from chalicelib.retention.engagements.rules import LOOK_AGAIN, first_look, with_gone, with_living
from chalicelib.retention.engagements.service import CERTIFY_WORK, END_WORK, entity_of
from chalicelib.retention.engagements.store import EngagementMoved, EngagementStore
from chalicelib.retention.records.models import State
from chalicelib.retention.records.rules import expiry_by, listed_under, with_triggers
from chalicelib.retention.records.service import Schedules
from chalicelib.retention.records.store import RecordStore
from chalicelib.retention.schedule.models import Trigger
from chalicelib.tables.transactions import Action, RunCommand

SHIFT = timedelta(seconds=60)
"""How long a worker is at it: half of its function's time, so it ends by its own will."""
_PAGE = 50
_WORKER = Actor("system", "end_engagement")


class _Nothing(Exception):
    """The record is gone, or knows already."""


class EngagementWork:
    """Plans and certifies."""

    def __init__(
        self,
        store: EngagementStore,
        records: RecordStore,
        schedules: Schedules,
        signer: Signer,
        outbox: Outbox,
        trail: Trail,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._records = records
        self._schedules = schedules
        self._signer = signer
        self._outbox = outbox
        self._trail = trail
        self._clock = clock
        self._run_command = run_command

    def plan(self, client: str) -> None:
        """Tells the client's records that the engagement ended, and adds up what they become."""
        self._walk(client, Stage.PLANNING, END_WORK, self._plan_page)

    def certify(self, client: str) -> None:
        """Counts what went and what is left, and signs the certificate once nothing is left that
        was to go; until then it is looked again every hour."""
        self._walk(client, Stage.RUNNING, CERTIFY_WORK, self._count_page)

    def _walk(
        self,
        client: str,
        stage: Stage,
        work: str,
        page: Callable[[Engagement], tuple[list[Action], bool]],
    ) -> None:
        """Does page after page for a minute; then another worker goes on."""
        until = self._clock.now() + SHIFT
        more = True
        with suppress(EngagementMoved):
            while more:
                engagement = self._store.get(client)
                if engagement is None or engagement.stage is not stage:
                    return
                actions, more = page(engagement)
                if more and self._clock.now() >= until:
                    actions = [*actions, *self._outbox.work(work, client).actions]
                    more = False
                self._write(actions)

    def _plan_page(self, engagement: Engagement) -> tuple[list[Action], bool]:
        client, count = engagement.client, engagement.count
        ids = self._records.of_client(client, count.after, _PAGE)
        if not ids:
            return self._planned(engagement), False
        for record_id in ids:
            with suppress(_Nothing):
                self._run_command(partial(self._told, record_id, engagement.ended_at))
        after = self._counted(count, ids)
        return [self._store.change(replace(engagement, count=after))], True

    def _told(self, record_id: str, ended_at: datetime) -> list[Action]:
        record = self._records.get(record_id)
        if record is None or record.state is State.DISPOSED:
            raise _Nothing
        told = with_triggers(record, {Trigger.END_OF_ENGAGEMENT: ended_at})
        if told == record:
            raise _Nothing
        number, schedule = self._schedules.in_force()
        return [
            self._records.change(listed_under(told, number, schedule)),
            self._schedules.still_in_force(number),
        ]

    def _planned(self, engagement: Engagement) -> list[Action]:
        plan, now = engagement.count.living, self._now()
        planned = replace(
            engagement,
            stage=Stage.RUNNING,
            plan=plan,
            people=engagement.count.people,
            count=Count(),
            look_at=first_look(plan, now),
        )
        facts = {"records": sum(plan.values())}
        return [
            self._store.change(planned),
            *self._trail.actions(
                entity_of(engagement.client), _WORKER, "engagement.planned", facts
            ),
        ]

    def _count_page(self, engagement: Engagement) -> tuple[list[Action], bool]:
        client, count = engagement.client, engagement.count
        ids = self._records.of_client(client, count.after, _PAGE, gone=count.over_gone)
        if ids and count.over_gone:
            gone = with_gone(count, self._records.many(ids).values())
            counted = replace(gone, after=ids[-1])
        elif ids:
            counted = self._counted(count, ids)
        elif count.overdue:
            look_at = self._now() + LOOK_AGAIN
            return [self._store.change(replace(engagement, count=Count(), look_at=look_at))], False
        elif not count.over_gone:
            counted = replace(count, over_gone=True, after="")
        else:
            return self._certified(engagement), False
        return [self._store.change(replace(engagement, count=counted))], True

    def _counted(self, count: Count, ids: Sequence[str]) -> Count:
        _, schedule = self._schedules.in_force()
        found = self._records.many(ids).values()
        living = [
            (each, expiry_by(schedule, each)) for each in found if each.state is not State.DISPOSED
        ]
        return replace(with_living(count, living, self._now()), after=ids[-1])

    def _certified(self, engagement: Engagement) -> list[Action]:
        now, count = self._now(), engagement.count
        signed = certificate(self._signer, engagement, count, self._schedules.in_force(), now)
        certified = replace(
            engagement, stage=Stage.CERTIFIED, certificate=signed, look_at=None, count=Count()
        )
        facts = {"disposed_of": sum(count.gone.values()), "kept": sum(count.living.values())}
        return [
            self._store.change(certified),
            *self._trail.actions(
                entity_of(engagement.client), _WORKER, "engagement.certified", facts
            ),
        ]

    def _write(self, actions: list[Action]) -> None:
        self._run_command(lambda: actions)

    def _now(self) -> datetime:
        return from_millis(to_millis(self._clock.now()))

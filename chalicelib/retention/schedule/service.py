"""What the staff does with the retention schedule, and what others read from it."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from chalicelib.audit.entry import Actor, Entity, Fact
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.errors import DomainError, FieldError
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.notices.outbox import Outbox
from chalicelib.retention.schedule.checks import Finding
from chalicelib.retention.schedule.errors import (
    InvalidSchedule,
    NoPreview,
    NoSchedule,
    PreviewPending,
    SameProposer,
    ScheduleMoved,
    UnknownScheduleVersion,
)
from chalicelib.retention.schedule.models import Schedule, Version
from chalicelib.retention.schedule.preview_store import Preview, PreviewStore
from chalicelib.retention.schedule.store import ScheduleStore
from chalicelib.retention.schedule.text import ScheduleText, read_schedule
from chalicelib.tables.transactions import Action, Moved, RunCommand
from chalicelib.tables.transactions import Check as Transacted

SCHEDULE = Entity("retention_schedule", "current")
PREVIEW_WORK = "preview_schedule"
"""Work about the number of a version: counting what it would do."""
RESCHEDULE_WORK = "reschedule"
"""Work about the number of a version that came in force: computing anew what stands under it."""

type Check = Callable[[Schedule], list[Finding]]
"""What speaks against a schedule, by today's policy (`checks.check_schedule`)."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A version that is stored, and what its check warns of."""

    version: Version
    warnings: list[Finding]


class Schedules:
    """Keeps schedules, version by version; each step leaves its entry in the trail.

    What is deleted and when, one member of the staff proposes and another approves, once it was
    counted what the change would do. The operator publishes the first schedule alone.
    """

    def __init__(
        self,
        store: ScheduleStore,
        previews: PreviewStore,
        check: Check,
        outbox: Outbox,
        trail: Trail,
        clock: Clock,
        idempotency: Idempotency,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._previews = previews
        self._check = check
        self._outbox = outbox
        self._trail = trail
        self._clock = clock
        self._idempotency = idempotency
        self._run_command = run_command
        self._read: tuple[int, Schedule] = (0, Schedule((), {}))

    def publish(self, operator: Actor, text: ScheduleText) -> Version:
        """Puts the schedule in force as the first one; where one is in force, that one stays.

        Raises `InvalidSchedule`.
        """
        self._acceptable(text)

        def build() -> list[Action]:
            version = self._new_version(text.canonical(), "")
            if version.replaces:
                raise ScheduleMoved
            return [
                self._store.addition(version),
                *self._entry(version, operator, "retention_schedule.published"),
                self._store.putting_in_force(version),
            ]

        if not self._store.current_number():
            with suppress(ScheduleMoved):  # somebody put one in force meanwhile: it stays
                self._run_command(build)
        return self.current()

    def propose(
        self,
        staff_id: str,
        text: ScheduleText,
        *,
        replaces: int | None = None,
        call: KeyedCall | None = None,
    ) -> Checked:
        """Stores the schedule for somebody else to approve; the one in force stays.

        What it would do is counted from then on. With `replaces` only if that version is in force
        (0: none). What is in force already is not stored again. Raises `InvalidSchedule`,
        `ScheduleMoved`, `IdempotencyConflict`.
        """
        findings = self._acceptable(text)
        if earlier := self._idempotency.earlier(call):
            return Checked(self.version(int(str(earlier["version"]))), findings)
        if replaces not in {None, self._store.current_number()}:
            raise ScheduleMoved
        canonical = text.canonical()
        in_force = self._store.get(self._store.current_number())
        stays = in_force is not None and in_force.text == canonical
        version = in_force if in_force and stays else self._new_version(canonical, staff_id)
        if stays and call is None:
            return Checked(version, findings)

        def build() -> list[Action]:
            if stays:
                return []
            self._check_replaced(version)
            if self._store.newest_number() != version.number - 1:
                raise ScheduleMoved
            return [
                self._store.addition(version),
                *self._entry(version, Actor("staff", staff_id), "retention_schedule.proposed"),
                self._previews.addition(Preview(version.number, version.proposed_at)),
                *self._outbox.work(PREVIEW_WORK, str(version.number)).actions,
            ]

        earlier = self._idempotency.run(call, {"version": version.number}, build)
        if earlier:
            version = self.version(int(str(earlier["version"])))
        return Checked(version, findings)

    def approve(self, staff_id: str, number: int) -> Version:
        """Puts the version in force that somebody else proposed. One that is in force stays.

        What stands under the schedule is computed anew from then on. Raises
        `UnknownScheduleVersion`, `SameProposer`, `ScheduleMoved` when another is in force than the
        one that it was to replace, `InvalidSchedule` for one that today's policy does not take any
        more, `PreviewPending` until it was counted what it would do.
        """
        version = self.version(number)
        if version.proposed_by == staff_id:
            raise SameProposer
        if self._store.current_number() == number:
            return version
        self._check_replaced(version)
        self._acceptable(ScheduleText.model_validate_json(version.text))
        if self.preview(number).ended_at is None:
            raise PreviewPending

        def build() -> list[Action]:
            self._check_replaced(version)
            return [
                self._store.putting_in_force(version),
                *self._outbox.work(RESCHEDULE_WORK, str(number)).actions,
                *self._entry(version, Actor("staff", staff_id), "retention_schedule.approved"),
            ]

        self._run_command(build)
        return version

    def check(self, text: ScheduleText) -> list[Finding]:
        """All that is wrong with the schedule, and what to think about. Changes nothing."""
        return self._check(text.schedule())

    def current(self) -> Version:
        """The version in force. Raises `NoSchedule`."""
        version = self._store.get(self._store.current_number())
        if version is None:
            raise NoSchedule
        return version

    def version(self, number: int) -> Version:
        """The version, in force or not. Raises `UnknownScheduleVersion`."""
        version = self._store.get(number)
        if version is None:
            raise UnknownScheduleVersion
        return version

    def preview(self, number: int) -> Preview:
        """What the version would do, as far as it was counted.

        Raises `UnknownScheduleVersion`, `NoPreview`.
        """
        preview = self._previews.get(number)
        if preview is None:
            self.version(number)
            raise NoPreview
        return preview

    def in_force(self) -> tuple[int, Schedule]:
        """The schedule in force and its number; before the first an empty one, which ends nothing,
        and 0. One read, two when there is a new version.
        """
        number = self._store.current_number()
        if number != self._read[0]:
            self._read = (number, self._schedule(number))
        return self._read

    def still_in_force(self, number: int, otherwise: type[DomainError] = Moved) -> Transacted:
        """For the transaction of whoever decided by the version `number`: it fails with `otherwise`
        where another is in force by now."""
        return self._store.still_in_force(number, otherwise)

    def change_by(self, number: int) -> tuple[Schedule, Schedule]:
        """The schedule that the version would replace, and the version's own.

        Raises `UnknownScheduleVersion`.
        """
        version = self.version(number)
        return self._schedule(version.replaces), read_schedule(version.text)

    def _schedule(self, number: int) -> Schedule:
        return read_schedule(self.version(number).text) if number else Schedule((), {})

    def _acceptable(self, text: ScheduleText) -> list[Finding]:
        """The warnings. Raises `InvalidSchedule` where there is more."""
        findings = self.check(text)
        if errors := [each for each in findings if each.is_error]:
            raise InvalidSchedule(*(FieldError(each.where, each.code) for each in errors))
        return findings

    def _new_version(self, text: str, proposed_by: str) -> Version:
        return Version(
            self._store.newest_number() + 1,
            hashlib.sha256(text.encode()).digest(),
            from_millis(to_millis(self._clock.now())),
            proposed_by,
            self._store.current_number(),
            text,
        )

    def _check_replaced(self, version: Version) -> None:
        if self._store.current_number() != version.replaces:
            raise ScheduleMoved

    def _entry(self, version: Version, actor: Actor, action: str) -> list[Action]:
        facts: dict[str, Fact] = {"version": version.number, "sha256": version.sha256.hex()}
        return [*self._trail.actions(SCHEDULE, actor, action, facts)]

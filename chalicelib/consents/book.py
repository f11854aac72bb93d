"""Writing consents down: what belongs to one decision, as actions of one transaction.

    event (never changed) + standing (under its revision) + entry in the consent's chain
    + from when its proof is kept, once the consent ends (retention/own/)
    + whatever follows from it (stopping/orders.py, announcing.py)

Each method reads where the person stands, so it belongs into the `build` of `run_command`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from chalicelib.audit.entry import Actor, Entity, Fact
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.consents.event_store import EventStore
from chalicelib.consents.models import (
    VALID,
    Channel,
    ConsentEvent,
    Decision,
    Evidence,
    Method,
    Shown,
    Standing,
    State,
)
from chalicelib.consents.proofs import Proofs, reference_of, without
from chalicelib.consents.rules import (
    check_order,
    counts_from,
    ended_at,
    entry_after,
    next_state,
    state_of,
)
from chalicelib.consents.standing_store import StandingStore
from chalicelib.ids import Ids
from chalicelib.tables.transactions import Action

NOBODY = Evidence(Method.NONE, Channel.PRIVACY_OFFICE)
"""Of what happens without anybody's act."""

type Follow = Callable[[ConsentEvent], list[Action]]
"""The writes that follow from an event, in its transaction."""


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody decided about one purpose, and when (aware). `record_id` is fresh."""

    record_id: str
    purpose: str
    decision: Decision
    shown: Shown
    evidence: Evidence
    occurred_at: datetime


class SaidBefore(Exception):
    """The person said the very same before: `record_id` is the record of then.

    `it_stands` is a check for a transaction: it meets `Moved` when something else was said since.
    """

    def __init__(self, record_id: str, it_stands: Action) -> None:
        super().__init__(record_id)
        self.record_id = record_id
        self.it_stands = it_stands


class Keeping(Protocol):
    """Knows how long the proof of a consent is kept once that has ended."""

    def consents_changed(
        self, ended: Mapping[str, datetime], again: Collection[str]
    ) -> list[Action]:
        """The writes that note which proofs' consents ended, when, and which were given again."""
        ...


class ConsentBook:
    """Makes the writes. Each belongs into one transaction, made anew when it meets `Moved`."""

    def __init__(
        self,
        events: EventStore,
        standings: StandingStore,
        proofs: Proofs,
        keeping: Keeping,
        follow: Follow,
        trail: Trail,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._events = events
        self._standings = standings
        self._proofs = proofs
        self._keeping = keeping
        self._follow = follow
        self._trail = trail
        self._clock = clock
        self._ids = ids

    def decision(self, subject_id: str, said: Said, actor: Actor) -> list[Action]:
        """The writes of what the person said. Reads the standing consistently.

        What is over counts for nothing any more. Raises `SaidBefore`, `NothingToWithdraw`,
        `WithdrawInstead`, `Superseded`, `KeyDestroyed`.
        """
        standing, now = self._standings.get(subject_id, consistent=True), self._now()
        if self._proofs.is_over(standing, said.purpose):
            standing = without(standing, [said.purpose])
        entry = standing.entries.get(said.purpose)
        state = next_state(entry, said.decision, said.shown, said.occurred_at, now)
        if state is None:
            raise SaidBefore(entry.record_id if entry else "", self._standings.unchanged(standing))
        at = counts_from(entry, said.decision, said.occurred_at, now)
        check_order(entry, at)
        event = self._event(standing, said, state, actor, now)
        return self._writes(standing, [event], at, actor)

    def withdrawal_of_all(
        self, subject_id: str, evidence: Evidence, actor: Actor, received_at: datetime
    ) -> list[Action]:
        """The writes that withdraw all that the person had given; none where nothing stands.

        The clock runs from `received_at` (aware), when the withdrawal came. Raises `KeyDestroyed`.
        """
        standing, now = self._standings.get(subject_id, consistent=True), self._now()
        events = [
            replace(
                self._following(standing, purpose, State.WITHDRAWN, evidence, actor, now),
                occurred_at=received_at,
            )
            for purpose, entry in standing.entries.items()
            if state_of(entry, now) in VALID
        ]
        return self._writes(standing, events, now, actor) if events else []

    def ending(self, standing: Standing, ends: Mapping[str, State], actor: Actor) -> list[Action]:
        """The writes that note by purpose how consents ended without their person's word.

        Raises `KeyDestroyed`.
        """
        now = self._now()
        events = [
            self._following(standing, purpose, state, NOBODY, actor, now)
            for purpose, state in ends.items()
        ]
        return self._writes(standing, events, now, actor)

    def asking_anew(
        self, standing: Standing, purposes: Sequence[str], version: str, until: datetime
    ) -> list[Action]:
        """The writes that ask anew, by a `version` of the notice, for what was given.

        It stands `until` that version takes effect (aware). Raises `KeyDestroyed`.
        """
        now, actor = self._now(), Actor("notice", version)
        entries, actions = dict(standing.entries), list[Action]()
        for purpose in purposes:
            event = self._following(standing, purpose, State.REQUESTED, NOBODY, actor, now)
            addition, sha256 = self._events.addition(event)
            entries[purpose] = replace(
                entries[purpose], asked=version, asked_at=now, asked_until=until
            )
            actions += [addition, *self._entry(event, actor, sha256)]
        return [self._standings.change(replace(standing, entries=entries)), *actions]

    def _writes(
        self, standing: Standing, events: Sequence[ConsentEvent], at: datetime, actor: Actor
    ) -> list[Action]:
        actions: list[Action] = []
        entries = dict(standing.entries)
        ended: dict[str, datetime] = {}
        again: list[str] = []
        for event in events:
            addition, sha256 = self._events.addition(event)
            before = entries.get(event.purpose)
            after = entry_after(before, event, at)
            entries[event.purpose] = after
            proof = reference_of(event.subject_id, event.purpose, after)
            if after.state not in VALID:
                ended[proof] = ended_at(before, event)
            elif before is not None and before.state not in VALID:
                again.append(proof)
            actions += [addition, *self._entry(event, actor, sha256), *self._follow(event)]
        return [
            self._standings.change(replace(standing, entries=entries)),
            *actions,
            *self._keeping.consents_changed(ended, again),
        ]

    def _event(
        self, standing: Standing, said: Said, state: State, actor: Actor, now: datetime
    ) -> ConsentEvent:
        entry = standing.entries.get(said.purpose)
        begins = counts_from(entry, said.decision, said.occurred_at, now)
        return ConsentEvent(
            record_id=said.record_id,
            subject_id=standing.subject_id,
            purpose=said.purpose,
            state=state,
            # What stands written: an end that nobody noted yet is noted with this decision, so that
            # whoever has to stop hears of it.
            before=entry.state if entry else State.UNKNOWN,
            shown=said.shown,
            evidence=said.evidence,
            actor=str(actor),
            occurred_at=said.occurred_at,
            recorded_at=now,
            expires_at=begins + said.shown.validity if state in VALID else None,
            previous=entry.record_id if entry else None,
        )

    def _following(
        self,
        standing: Standing,
        purpose: str,
        state: State,
        evidence: Evidence,
        actor: Actor,
        now: datetime,
    ) -> ConsentEvent:
        """An event about what was shown before."""
        entry = standing.entries[purpose]
        last = self._events.get(standing.subject_id, purpose, entry.record_id)
        if last is None:
            raise LookupError("a standing names a record that is not there")
        return ConsentEvent(
            record_id=self._ids.new(),
            subject_id=standing.subject_id,
            purpose=purpose,
            state=state,
            before=entry.state,
            shown=last.shown,
            evidence=evidence,
            actor=str(actor),
            occurred_at=now,
            recorded_at=now,
            previous=entry.record_id,
        )

    def _entry(self, event: ConsentEvent, actor: Actor, sha256: str) -> list[Action]:
        facts: dict[str, Fact] = {
            "record": event.record_id,
            "before": event.before.value,
            "notice_sha256": event.shown.sha256,
            "language": event.shown.language,
            "event_sha256": sha256,
        }
        entity = consent_entity(event.subject_id, event.purpose)
        return self._trail.actions(entity, actor, f"consent.{event.state}", facts)

    def _now(self) -> datetime:
        # Milliseconds are what is stored, so that a read gives back what was answered.
        return from_millis(to_millis(self._clock.now()))


def consent_entity(subject_id: str, purpose: str) -> Entity:
    """The chain of one person's consent to one purpose."""
    return Entity("consent", f"{subject_id}.{purpose}")

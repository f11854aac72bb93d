"""Placing, reviewing and releasing holds, and the word that erasures are bound by.

A hold counts from the transaction that places it. Whoever erases puts `checks` into the transaction
that begins it: then of an erasure and a placement at once either the hold came first and nothing is
erased, or the erasure did. GDPR 17(3)(b), (e), 18(1)(c); UU PDP 43, 44, with UU PDP 15 and 50.
"""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.audit.entry import Actor, Entity, Fact
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, from_millis, rfc3339, to_millis
from chalicelib.errors import DomainError
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.ids import Ids
from chalicelib.notices.outbox import Outbox
from chalicelib.retention.holds.models import Hold, NewHold, UnknownHold
from chalicelib.retention.holds.rules import (
    check_review,
    released,
    reviewed,
    with_hold,
    without_hold,
)
from chalicelib.retention.holds.store import HoldStore
from chalicelib.retention.targets import Target, TargetKind
from chalicelib.tables.keys import Key
from chalicelib.tables.transactions import Action, Check, RunCommand
from chalicelib.vault.blind_index import BlindIndex, Kind

RELEASED_WORK = "release_holds"
"""The kind of work in the outbox about the id of a hold that was released: what was due meanwhile
runs again."""
_READ = "holds.read"


class Holds:
    """Keeps holds; each change leaves its entry in the trail."""

    def __init__(
        self,
        store: HoldStore,
        index: BlindIndex,
        outbox: Outbox,
        trail: Trail,
        clock: Clock,
        ids: Ids,
        idempotency: Idempotency,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._index = index
        self._outbox = outbox
        self._trail = trail
        self._clock = clock
        self._ids = ids
        self._idempotency = idempotency
        self._run_command = run_command

    def person(self, user_id: str) -> Target:
        """What a hold on the platform's user is placed on. Raises `UnusableIdentifier`."""
        return Target(TargetKind.PERSON, self._index.token(Kind.REFERENCE, user_id))

    def person_targets(self, user_id: str) -> list[Target]:
        """What holds on the platform's user may have been placed on, one for each version of the
        blind index that is live. Raises `UnusableIdentifier`."""
        tokens = self._index.tokens(Kind.REFERENCE, user_id)
        return [Target(TargetKind.PERSON, each) for each in tokens]

    def place(self, new: NewHold, staff_id: str, call: KeyedCall | None = None) -> str:
        """The id of the hold, active from now on; one for each `call`.

        Raises `InvalidInput` for a review date that is over or too far, `TooManyHolds`,
        `IdempotencyConflict`.
        """
        if earlier := self._idempotency.earlier(call):
            return str(earlier["hold"])
        now = self._now()
        check_review(new.review_at, now)
        hold = Hold(
            self._ids.new(),
            new.target,
            new.ground,
            new.citation,
            new.owner,
            placed_by=staff_id,
            placed_at=now,
            review_at=new.review_at,
        )
        facts: dict[str, Fact] = {
            "kind": hold.target.kind.value,
            "owner": hold.owner,
            "review_at": rfc3339(hold.review_at),
        }
        who = Actor("staff", staff_id)

        def build() -> list[Action]:
            standing = with_hold(self._store.standing(hold.target), hold.hold_id)
            return [
                self._store.change_standing(standing),
                *self._store.addition(hold),
                *self._trail.first_actions(hold_entity(hold.hold_id), who, "hold.placed", facts),
            ]

        earlier = self._idempotency.run(call, {"hold": hold.hold_id}, build)
        return str(earlier["hold"]) if earlier else hold.hold_id

    def review(
        self,
        hold_id: str,
        staff_id: str,
        review_at: datetime,
        call: KeyedCall | None = None,
    ) -> None:
        """Moves the review date to `review_at` (aware); its reminders start anew.

        Raises `UnknownHold`, `HoldReleased`, `InvalidInput` as `place`, `IdempotencyConflict`.
        """
        if self._idempotency.earlier(call):
            return
        check_review(review_at, self._now())
        facts: dict[str, Fact] = {"review_at": rfc3339(review_at)}

        def build() -> list[Action]:
            hold = reviewed(self.seen(hold_id), review_at)
            return [
                self._store.review(hold),
                *self._entry(hold_id, staff_id, "hold.reviewed", facts),
            ]

        self._idempotency.run(call, {"hold": hold_id}, build)

    def release(
        self, hold_id: str, staff_id: str, reason: str, call: KeyedCall | None = None
    ) -> None:
        """Ends the hold; what was due meanwhile runs again, unless another hold is on it.

        Raises `UnknownHold`, `HoldReleased` when somebody released it before,
        `IdempotencyConflict`.
        """
        if self._idempotency.earlier(call):
            return

        def build() -> list[Action]:
            hold = released(self.get(hold_id), staff_id, reason, self._now())
            standing = without_hold(self._store.standing(hold.target), hold_id)
            return [
                self._store.release(hold),
                self._store.change_standing(standing),
                *self._outbox.work(RELEASED_WORK, hold_id).actions,
                *self._entry(hold_id, staff_id, "hold.released", {"left": len(standing.holds)}),
            ]

        self._idempotency.run(call, {"hold": hold_id}, build)

    def get(self, hold_id: str) -> Hold:
        """The hold, opened. Raises `UnknownHold`."""
        hold = self._store.get(hold_id)
        if hold is None:
            raise UnknownHold
        return hold

    def read(self, hold_id: str, staff_id: str) -> Hold:
        """As `get`, for a member of the staff: that it was read is in the trail first."""
        self._run_command(lambda: self._reading(self.seen(hold_id), staff_id))
        return self.get(hold_id)

    def seen(self, hold_id: str) -> Hold:
        """The hold as far as it stands in clear. Raises `UnknownHold`."""
        hold = self._store.seen(hold_id)
        if hold is None:
            raise UnknownHold
        return hold

    def active(self, limit: int, start: Key | None) -> tuple[list[Hold], Key | None]:
        """`limit` active holds after `start`, the earliest review first, and where to go on from.

        Nothing sealed is opened. The list lags by moments. Raises `ReadIncomplete`.
        """
        ids, last = self._store.page(limit, start)
        return [hold for hold in self.many(ids) if hold.is_active], last

    def checks(self, targets: Iterable[Target]) -> list[Check]:
        """For the transaction that erases: it fails with `Held` while a hold is on any of them.

        One action for each of `targets`, however often it is named.
        """
        return [self._store.check(target) for target in dict.fromkeys(targets)]

    def still_active(self, hold_id: str, otherwise: type[DomainError]) -> Check:
        """For a transaction that waits for the hold's release: it fails with `otherwise` where the
        hold was released meanwhile."""
        return self._store.still_active(hold_id, otherwise)

    def on(self, targets: Iterable[Target]) -> list[str]:
        """The ids of the active holds on `targets`, each once; one consistent batch read per
        hundred. Raises `ReadIncomplete`."""
        standings = self._store.standings(targets)
        return list(dict.fromkeys(hold_id for each in standings for hold_id in each.holds))

    def held(self, targets: Iterable[Target]) -> set[Target]:
        """Those of `targets` that a hold is on; reads as `on`. Raises `ReadIncomplete`."""
        return {each.target for each in self._store.standings(targets) if each.holds}

    def many(self, hold_ids: Iterable[str]) -> list[Hold]:
        """The holds as far as they stand in clear, in order. Raises `ReadIncomplete`."""
        return self._store.many(hold_ids)

    def _reading(self, hold: Hold, staff_id: str) -> list[Action]:
        return self._entry(hold.hold_id, staff_id, "personal_data.read", {"permission": _READ})

    def _entry(
        self, hold_id: str, staff_id: str, action: str, facts: dict[str, Fact]
    ) -> list[Action]:
        return self._trail.actions(hold_entity(hold_id), Actor("staff", staff_id), action, facts)

    def _now(self) -> datetime:
        """In whole milliseconds, as it is stored."""
        return from_millis(to_millis(self._clock.now()))


def hold_entity(hold_id: str) -> Entity:
    """The chain of one hold."""
    return Entity("hold", hold_id)

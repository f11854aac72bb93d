"""Puts what we keep under retention, in the very transaction in which we begin to keep it.

So nothing of ours is there without a record of when it goes. What ends it is the sweep, as it ends
everything (ending.py).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.retention.own.place import OWN_PLACE, OwnCollection
from chalicelib.retention.records.models import Facts, HeldRecord, Place, State
from chalicelib.retention.records.rules import listed_under
from chalicelib.retention.records.service import Schedules
from chalicelib.retention.records.store import RecordStore
from chalicelib.retention.schedule.models import Role, Schedule, Trigger
from chalicelib.tables.transactions import Action

_DAY = timedelta(days=1)
_LOOKED_AT_AGAIN = timedelta(days=1)
"""When the sweep looks again at what came before there was any schedule."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """One thing of ours. `person` is the token of the platform's id of its user, if known."""

    collection: OwnCollection
    reference: str = field(repr=False)
    triggers: Mapping[Trigger, datetime]
    person: str = ""
    case: str = ""


class Keeping:
    """Makes the writes that register our own records. Each method belongs into the `build` of one
    command: it reads what it depends on, and the transaction meets `Moved` when that changed."""

    def __init__(
        self,
        store: RecordStore,
        schedules: Schedules,
        token_of_user: Callable[[str], str],
        clock: Clock,
    ) -> None:
        self._store = store
        self._schedules = schedules
        self._token_of_user = token_of_user
        self._clock = clock

    def day_begun(self, site: str, day: date) -> list[Action]:
        """For the transaction that makes the key of the choices of `day` (UTC) on a site.

        They count as collected when the day is over: the last of them may be.
        """
        over = datetime.combine(day, datetime.min.time(), UTC) + _DAY
        reference = f"{site}/{day.isoformat()}"
        return self._kept([_Kept(OwnCollection.PREFERENCES, reference, {Trigger.COLLECTED: over})])

    def knows(self, collection: OwnCollection, reference: str) -> bool:
        """Whether that has a record. One consistent read."""
        at = Place(OWN_PLACE, collection.value, reference)
        return self._store.get(self._store.id_of(at)) is not None

    def request_closed(
        self, request_id: str, user_id: str, copy: str, at: datetime | None = None
    ) -> list[Action]:
        """For the transaction that ends a request at this moment, again after an appeal; or notes
        later that it ended `at` (aware).

        `user_id` is the platform's id of its person and `copy` the archive that is released with
        it; both may be empty. Raises `UnusableIdentifier`.
        """
        now = from_millis(to_millis(at or self._clock.now()))
        person = self._token_of_user(user_id) if user_id else ""
        closed = _Kept(OwnCollection.REQUESTS, request_id, {Trigger.CLOSED: now}, person)
        if not copy:
            return self._kept([closed])
        reference, made = f"{request_id}/{copy}", {Trigger.COLLECTED: now}
        return self._kept([closed, _Kept(OwnCollection.EXPORTS, reference, made, person)])

    def request_reopened(self, request_id: str) -> list[Action]:
        """For the transaction that opens a request again: until it ends anew, nothing ends it."""
        return self._kept([_Kept(OwnCollection.REQUESTS, request_id, {})])

    def consents_changed(
        self, ended: Mapping[str, datetime], again: Collection[str]
    ) -> list[Action]:
        """For the transaction in which the consents with these proofs ended, each at its moment
        (aware), or were given `again`: until they end anew, nothing ends those.

        One call for a transaction. Whose they are is found when they are to go, by all the names
        that the person has then.
        """
        proofs = {
            **{each: {Trigger.CLOSED: from_millis(to_millis(at))} for each, at in ended.items()},
            **{each: {} for each in again},
        }
        kept = [_Kept(OwnCollection.CONSENTS, each, when) for each, when in proofs.items()]
        return self._kept(kept) if kept else []

    def session_opened(self, hashed: str) -> list[Action]:
        """For the transaction that opens the session found by `hashed` at this moment.

        It names nobody: a hold on a person is about what is known of them, and a session only says
        that they came.
        """
        now = from_millis(to_millis(self._clock.now()))
        return self._kept([_Kept(OwnCollection.SESSIONS, hashed, {Trigger.COLLECTED: now})])

    def incident_turned(self, incident_id: str, ended_at: datetime | None) -> list[Action]:
        """For the transaction in which an incident ended (aware), or was opened again: until it
        ends anew, nothing ends it. A hold on the case of its id holds it."""
        when = {Trigger.CLOSED: from_millis(to_millis(ended_at))} if ended_at else {}
        return self._kept([_Kept(OwnCollection.INCIDENTS, incident_id, when, case=incident_id)])

    def _kept(self, things: Sequence[_Kept]) -> list[Action]:
        number, schedule = self._schedules.in_force()
        return [
            *(action for each in things for action in self._write(each, number, schedule)),
            self._store.still_readable(_facts(things[0])),
            self._schedules.still_in_force(number),
        ]

    def _write(self, thing: _Kept, number: int, schedule: Schedule) -> list[Action]:
        at = Place(OWN_PLACE, thing.collection.value, thing.reference)
        record_id = self._store.id_of(at)
        before = self._store.get(record_id)
        if before is None:
            now = from_millis(to_millis(self._clock.now()))
            record = HeldRecord(record_id, at, _facts(thing), thing.triggers, now, number)
            return [self._store.addition(_listed(record, number, schedule))]
        if before.state is State.DISPOSED:
            return []  # nothing is left of it that could be read
        again = replace(before, triggers=thing.triggers, state=State.KEPT, held_by="", attempts=0)
        return [self._store.change(_listed(again, number, schedule))]


def _facts(thing: _Kept) -> Facts:
    # Of no client: what a requester calls theirs is not for an index, and the end of an engagement
    # with a client does not end what its people asked for.
    return Facts(thing.collection.category, Role.CONTROLLER, person=thing.person, case=thing.case)


def _listed(record: HeldRecord, number: int, schedule: Schedule) -> HeldRecord:
    listed = listed_under(record, number, schedule)
    if number:
        return listed
    # The first schedule lists nothing anew, and the sweep moves what it finds too early.
    return replace(listed, ends=record.registered_at + _LOOKED_AT_AGAIN)

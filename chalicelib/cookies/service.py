"""What visitors do with their cookie preferences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.cookies.models import (
    ESSENTIAL_ONLY,
    Action,
    Choices,
    Preference,
    PreferenceIn,
    State,
)
from chalicelib.cookies.rules import check_choice, check_time, current, in_force
from chalicelib.cookies.sites import Sites
from chalicelib.cookies.store import PreferenceStore, Recorded
from chalicelib.errors import Conflict, FieldError, InvalidInput
from chalicelib.ids import Ids
from chalicelib.tables.codec import Item

_TICK = timedelta(milliseconds=1)


class EventConflict(Conflict):
    """The event id was used before for another choice."""

    code = "event_conflict"


@dataclass(frozen=True, slots=True)
class Standing:
    """A visitor's position: what is allowed, why, and the unexpired history, newest first."""

    state: State
    choices: Choices
    history: list[Recorded]


class CookiePreferences:
    """Records, shows and withdraws the choices of anonymous visitors."""

    def __init__(self, sites: Sites, store: PreferenceStore, clock: Clock, ids: Ids) -> None:
        self._sites = sites
        self._store = store
        self._clock = clock
        self._ids = ids

    def record(
        self, site_id: str, sent: PreferenceIn, origin: str, *, gpc_header: bool
    ) -> Recorded:
        """Stores a choice once; the same event again answers with the first record.

        Raises `UnknownSite`, `InvalidInput` (contradiction, time, unknown notice) and
        `EventConflict` when the event id stands for another choice of this visitor.
        """
        now = self._now()
        action = Action(sent.action)
        choices = Choices(sent.choices.performance, sent.choices.functional)
        check_choice(action, choices)
        check_time(sent.occurred_at, now)
        self._sites.check_notice(site_id, sent.notice_sha256, sent.language)
        preference = Preference(
            record_id=self._ids.new(),
            event_id=sent.event_id,
            visitor_id=sent.visitor_id,
            site=site_id,
            action=action,
            choices=choices,
            notice_sha256=sent.notice_sha256,
            language=sent.language,
            gpc_script=sent.gpc,
            gpc_header=gpc_header,
            origin=origin,
            source=sent.source,
            banner_build=sent.banner_build,
            occurred_at=sent.occurred_at,
            recorded_at=now,
        )
        recorded = self._store.add(preference)
        if not recorded.preference.same_event(preference):
            raise EventConflict
        if now >= recorded.preference.expires_at:
            raise InvalidInput(FieldError("occurred_at", "too_old"))
        return recorded

    def standing(
        self, site_id: str, visitor_id: str, *, gpc: bool, consistent: bool = False
    ) -> Standing:
        """What `visitor_id` allows on the site right now. Raises `UnknownSite`."""
        self._sites.get(site_id)
        history = self._store.history(site_id, visitor_id, consistent=consistent)
        recorded = {each.preference.record_id: each for each in history.recorded}
        alive = current([each.preference for each in history.recorded], self._now())
        state, choices = in_force(alive, gpc=gpc, complete=history.complete)
        return Standing(state, choices, [recorded[each.record_id] for each in alive])

    def withdraw(self, site_id: str, visitor_id: str, origin: str, *, gpc: bool) -> Standing:
        """Takes every optional consent back; where none was given there is nothing to record.

        Two calls at once make one record: its event id names the record that is withdrawn, with a
        colon that no visitor's event id may have. It counts after that record even when this
        container's clock is behind. Raises `UnknownSite`.
        """
        # A replica that lags would hide the very choice that is taken back.
        before = self.standing(site_id, visitor_id, gpc=gpc, consistent=True)
        last = before.history[0].preference if before.history else None
        withdrawn = last is not None and last.action is Action.WITHDRAW
        if withdrawn or (before.choices == ESSENTIAL_ONLY and before.state is not State.UNREADABLE):
            return before
        site = self._sites.get(site_id)
        now = max(self._now(), last.counts_from + _TICK) if last else self._now()
        self._store.add(
            Preference(
                record_id=self._ids.new(),
                event_id=f"withdraw:{last.record_id if last else 'unreadable'}",
                visitor_id=visitor_id,
                site=site_id,
                action=Action.WITHDRAW,
                choices=ESSENTIAL_ONLY,
                notice_sha256=last.notice_sha256 if last else site.notice.sha256["en"],
                language=last.language if last else "en",
                gpc_script=False,
                gpc_header=gpc,
                origin=origin,
                source="api",
                banner_build="",
                occurred_at=now,
                recorded_at=now,
            )
        )
        return self.standing(site_id, visitor_id, gpc=gpc, consistent=True)

    def opened(self, items: Sequence[Item]) -> list[Preference]:
        """The choices in `items`, which the table's stream brought, as far as they open.

        Operators hear of what was tampered with. Raises `ReadIncomplete`.
        """
        return self._store.opened(items)

    def _now(self) -> datetime:
        # Milliseconds are what is stored, so that a read gives back what was answered.
        return from_millis(to_millis(self._clock.now()))

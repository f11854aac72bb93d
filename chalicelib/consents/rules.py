"""What becomes of a consent when somebody decides, and whether data may be used. Pure.

    unknown, requested, refused, withdrawn, expired, invalidated ──give──> given
    given, renewed_given, expired ──give (again)──> renewed_given
    given, renewed_given ──withdraw──> withdrawn
    unknown, requested, refused, withdrawn, expired, invalidated ──refuse──> refused

To say the same again changes nothing, unless it is said to another text or in another language, or
the consent ends soon.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.consents.models import (
    REMINDER,
    VALID,
    ConsentEvent,
    Decision,
    Entry,
    Shown,
    Standing,
    State,
)
from chalicelib.errors import Conflict, FieldError, InvalidInput

CLOCK_TOLERANCE = timedelta(minutes=10)
"""How far ahead of ours the clock of whoever records a consent may be."""


class NothingToWithdraw(Conflict):
    """No consent stands that could be withdrawn."""

    code = "nothing_to_withdraw"


class WithdrawInstead(Conflict):
    """The consent was given: it is withdrawn, not refused."""

    code = "withdraw_instead"


class Superseded(Conflict):
    """Something that was decided later is recorded already."""

    code = "superseded"


class Why(StrEnum):
    """Why data may be used, or may not."""

    CONSENT = "consent"
    BASIS = "basis"
    UNKNOWN_SUBJECT = "unknown_subject"
    ERASED = "erased"
    RESTRICTED = "restricted"
    OBJECTED = "objected"
    REQUIRED_BY_LAW = "required_by_law"
    NO_CONSENT = "no_consent"
    EXPIRED = "expired"
    TERMS_CHANGED = "terms_changed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether data may be used for a purpose, on which basis, and why."""

    allowed: bool
    why: Why
    state: State
    basis: str | None = None
    record_id: str | None = None


def state_of(entry: Entry | None, now: datetime) -> State:
    """Where the consent stands at `now`, to the millisecond: an end needs nobody's help."""
    if entry is None:
        return State.UNKNOWN
    if entry.state in VALID and entry.expires_at is not None and entry.expires_at <= now:
        return State.EXPIRED
    return entry.state


def counts_from(
    entry: Entry | None, decision: Decision, occurred_at: datetime, now: datetime
) -> datetime:
    """Where a decision stands among others: when it was made, however late we hear of it.

    A no that was said just now is never the older one, whatever the clocks of two machines say.
    """
    at = min(occurred_at, now)
    if entry is not None and decision is not Decision.GIVEN and at >= now - CLOCK_TOLERANCE:
        return max(at, entry.at)
    return at


def check_order(entry: Entry | None, at: datetime) -> None:
    """Raises `Superseded` when what stands was decided after `at`."""
    if entry is not None and at < entry.at:
        raise Superseded


def entry_after(entry: Entry | None, event: ConsentEvent, at: datetime) -> Entry:
    """The entry that `event`, which counts from `at`, leaves in place of `entry`."""
    fresh = Entry(
        state=event.state,
        record_id=event.record_id,
        at=at,
        notice_id=event.shown.notice_id,
        notice_sha256=event.shown.sha256,
        terms_sha256=event.shown.terms_sha256,
        language=event.shown.language,
        expires_at=event.expires_at,
        first=entry.first if entry else event.record_id,
    )
    renewed = event.state is State.RENEWED_GIVEN and state_of(entry, event.recorded_at) in VALID
    if entry is None or not renewed:
        return fresh
    if entry.terms_sha256 == event.shown.terms_sha256:
        return replace(fresh, former_terms=entry.former_terms, former_until=entry.former_until)
    return replace(fresh, former_terms=entry.terms_sha256, former_until=entry.expires_at)


def ended_at(entry: Entry | None, event: ConsentEvent) -> datetime:
    """When the consent of `entry` ended that `event` says has: by its own term, however late that
    is noted, else when somebody said so."""
    if event.state is State.EXPIRED and entry is not None and entry.expires_at is not None:
        return entry.expires_at
    return min(event.occurred_at, event.recorded_at)


def check_moment(occurred_at: datetime, now: datetime) -> None:
    """Raises `InvalidInput` for a decision that is yet to come, by more than clocks differ."""
    if occurred_at > now + CLOCK_TOLERANCE:
        raise InvalidInput(FieldError("occurred_at", "in_the_future"))


def next_state(
    entry: Entry | None, decision: Decision, shown: Shown, said_at: datetime, now: datetime
) -> State | None:
    """The state that `decision`, said at `said_at`, leads to; None when it says what stands.

    Raises `NothingToWithdraw`, `WithdrawInstead`.
    """
    before = state_of(entry, now)
    if entry is not None and _says_the_same(before, decision, entry, shown, said_at):
        return None
    match decision:
        case Decision.GIVEN:
            renewed = before in VALID or before is State.EXPIRED
            return State.RENEWED_GIVEN if renewed else State.GIVEN
        case Decision.REFUSED:
            if before in VALID:
                raise WithdrawInstead
            return State.REFUSED
        case Decision.WITHDRAWN:
            if before not in VALID:
                raise NothingToWithdraw
            return State.WITHDRAWN


def verdict(
    standing: Standing,
    purpose: str,
    bases: tuple[str, ...],
    terms: Mapping[str, str | None],
    now: datetime,
) -> Verdict:
    """Whether the person's data may be used for `purpose`, which rests on `bases`.

    `terms` holds by notice the hash of what its version in force asks for the purpose, None where
    it asks nothing. Consent, where it is among the bases, is what decides (policy, section 3).
    Restriction leaves what a law requires (UU PDP 41), objection all but legitimate interests.
    """
    entry = standing.entries.get(purpose)
    state = state_of(entry, now)
    if standing.revision == 0:
        return Verdict(allowed=False, why=Why.UNKNOWN_SUBJECT, state=state)
    if standing.erased:
        return Verdict(allowed=False, why=Why.ERASED, state=state)
    if "consent" in bases:
        return _by_consent(standing, entry, state, terms, now)
    if standing.restricted_by is not None:
        if "legal_obligation" in bases:
            return Verdict(
                allowed=True, why=Why.REQUIRED_BY_LAW, state=state, basis="legal_obligation"
            )
        return Verdict(allowed=False, why=Why.RESTRICTED, state=state)
    left = [each for each in bases if each != "legitimate_interest" or not standing.objected_by]
    if not left:
        return Verdict(allowed=False, why=Why.OBJECTED, state=state)
    return Verdict(allowed=True, why=Why.BASIS, state=state, basis=left[0])


def _by_consent(
    standing: Standing,
    entry: Entry | None,
    state: State,
    terms: Mapping[str, str | None],
    now: datetime,
) -> Verdict:
    record_id = entry.record_id if entry else None
    if standing.restricted_by is not None:
        return Verdict(allowed=False, why=Why.RESTRICTED, state=state, record_id=record_id)
    if entry is None or state not in VALID:
        why = Why.EXPIRED if state is State.EXPIRED else Why.NO_CONSENT
        return Verdict(allowed=False, why=why, state=state, record_id=record_id)
    if not _covers(entry, terms.get(entry.notice_id), now):
        return Verdict(allowed=False, why=Why.TERMS_CHANGED, state=state, record_id=record_id)
    return Verdict(allowed=True, why=Why.CONSENT, state=state, basis="consent", record_id=record_id)


def _covers(entry: Entry, in_force: str | None, now: datetime) -> bool:
    """Whether the consent is to the terms `in_force`; to its former ones while they would hold."""
    if in_force is None:
        return False
    former = entry.former_until is not None and now < entry.former_until
    return in_force == entry.terms_sha256 or (former and in_force == entry.former_terms)


def _says_the_same(
    before: State, decision: Decision, entry: Entry, shown: Shown, said_at: datetime
) -> bool:
    same_text = (entry.notice_sha256, entry.language) == (shown.sha256, shown.language)
    match decision:
        case Decision.GIVEN:
            # From the reminder on, a yes to the same text is a renewal.
            soon = entry.expires_at is not None and said_at >= entry.expires_at - REMINDER
            same_terms = entry.terms_sha256 == shown.terms_sha256
            return before in VALID and same_text and same_terms and not soon
        case Decision.REFUSED:
            return before is State.REFUSED and same_text
        case Decision.WITHDRAWN:
            return before is State.WITHDRAWN

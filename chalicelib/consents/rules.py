"""What becomes of a consent when somebody decides, and whether data may be used. Pure.

    unknown, requested, refused, withdrawn, expired, invalidated ──give──> given
    given, renewed_given, expired ──give (again)──> renewed_given
    given, renewed_given ──withdraw──> withdrawn
    unknown, requested, refused, withdrawn, expired, invalidated ──refuse──> refused

To say the same again changes nothing, unless it is said to another text or in another language.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.consents.models import (
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


def counts_from(decision: Decision, occurred_at: datetime, now: datetime) -> datetime:
    """Where a decision stands among others: a no counts from its arrival."""
    return min(occurred_at, now) if decision is Decision.GIVEN else now


def check_moment(occurred_at: datetime, now: datetime) -> None:
    """Raises `InvalidInput` for a decision that is yet to come, by more than clocks differ."""
    if occurred_at > now + CLOCK_TOLERANCE:
        raise InvalidInput(FieldError("occurred_at", "in_the_future"))


def check_order(entry: Entry | None, at: datetime) -> None:
    """Raises `Superseded` when what stands was decided after `at`."""
    if entry is not None and at < entry.at:
        raise Superseded


def entry_after(entry: Entry | None, event: ConsentEvent, at: datetime) -> Entry:
    """The entry that `event`, which counts from `at`, leaves in place of `entry`."""
    renews = entry is not None and entry.state in VALID and event.state is State.RENEWED_GIVEN
    return Entry(
        state=event.state,
        record_id=event.record_id,
        at=at,
        notice_id=event.shown.notice_id,
        notice_sha256=event.shown.sha256,
        terms_sha256=event.shown.terms_sha256,
        language=event.shown.language,
        expires_at=event.expires_at,
        former_terms=entry.terms_sha256 if entry is not None and renews else None,
    )


def next_state(
    entry: Entry | None, decision: Decision, shown: Shown, now: datetime
) -> State | None:
    """The state that `decision` leads to; None when it says again what stands.

    Raises `NothingToWithdraw`, `WithdrawInstead`.
    """
    before = state_of(entry, now)
    if entry is not None and _says_the_same(before, decision, entry, shown):
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
    if standing.erased:
        return Verdict(allowed=False, why=Why.ERASED, state=state)
    if "consent" in bases:
        return _by_consent(standing, entry, state, terms)
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
    standing: Standing, entry: Entry | None, state: State, terms: Mapping[str, str | None]
) -> Verdict:
    record_id = entry.record_id if entry else None
    if standing.restricted_by is not None:
        return Verdict(allowed=False, why=Why.RESTRICTED, state=state, record_id=record_id)
    if entry is None or state not in VALID:
        why = Why.EXPIRED if state is State.EXPIRED else Why.NO_CONSENT
        return Verdict(allowed=False, why=why, state=state, record_id=record_id)
    if terms.get(entry.notice_id) not in {entry.terms_sha256, entry.former_terms} - {None}:
        return Verdict(allowed=False, why=Why.TERMS_CHANGED, state=state, record_id=record_id)
    return Verdict(allowed=True, why=Why.CONSENT, state=state, basis="consent", record_id=record_id)


def _says_the_same(before: State, decision: Decision, entry: Entry, shown: Shown) -> bool:
    same_text = (entry.notice_sha256, entry.language) == (shown.sha256, shown.language)
    match decision:
        case Decision.GIVEN:
            return before in VALID and same_text and entry.terms_sha256 == shown.terms_sha256
        case Decision.REFUSED:
            return before is State.REFUSED and same_text
        case Decision.WITHDRAWN:
            return before is State.WITHDRAWN

"""What may become of a notice. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from chalicelib.errors import FieldError, InvalidInput
from chalicelib.incidents.models import Duty, DutyState, Incident, Recipient, Texts
from chalicelib.incidents.notices.errors import (
    AlreadyTold,
    FactsChanged,
    NobodyToTell,
    NothingToSupplement,
    NoticeDecided,
    NotToBeFiled,
    SameNoticeProposer,
    TooManyNotices,
)
from chalicelib.incidents.notices.gate import check_reasons, is_late
from chalicelib.incidents.notices.models import Notice, Phase, State
from chalicelib.incidents.rules import check_past

FILED = frozenset({Recipient.AUTHORITY, Recipient.PUBLIC})
"""Who is not told one by one."""
MOST_TOLD = {Phase.INITIAL: 14, Phase.SUPPLEMENT: 16, Phase.REPORT: 10}
"""Notices of an incident that are told one by one: the transaction that puts somebody on its list
goes on with each of them, too. First ones have room for each duty by itself."""
_COVERS = {Recipient.PUBLIC: {Recipient.PUBLIC, Recipient.SUBJECTS}}
"""Where telling everybody asks too much, the public is told instead (GDPR 34(3)(c))."""
_GIVEN = {State.APPROVED, State.FILED}


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to say to whom. Without `duty_ids`: all that wait for the recipient."""

    recipient: Recipient
    duty_ids: tuple[str, ...] = ()
    phase: Phase = Phase.INITIAL
    in_phases_because: Texts = field(default_factory=dict, repr=False)
    late_because: Texts = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approves a notice, when, and when the last one will have been told of it then: what is
    mailed to 100,000 people takes hours."""

    by: str
    at: datetime
    told_at: datetime


def duties_of(incident: Incident, asked: Asked) -> list[Duty]:
    """The duties that the notice covers: those named, else all open ones of the recipient; for a
    supplement those that were done, too.

    Raises `InvalidInput` for one that is not the recipient's or asks nothing, `NobodyToTell`.
    """
    required = [each for each in incident.duties if each.state is not DutyState.NOT_REQUIRED]
    if asked.duty_ids:
        return _named(required, asked)
    supplement = asked.phase is Phase.SUPPLEMENT
    found = [
        each
        for each in required
        if each.recipient is asked.recipient and (each.is_open or supplement)
    ]
    if not found:
        raise NobodyToTell
    return found


def supplemented(asked: Asked, earlier: Sequence[Notice]) -> Notice | None:
    """The latest notice that a supplement adds to; None for a first one.

    `earlier` are the incident's notices, the oldest first. What has to be filed is added to once
    it was filed. Raises `NothingToSupplement`.
    """
    if asked.phase is Phase.INITIAL:
        return None
    given = [
        each
        for each in earlier
        if each.recipient is asked.recipient and is_given(each) and each.phase is not Phase.REPORT
    ]
    if not given:
        raise NothingToSupplement
    return given[-1]


def check_room(phase: Phase, told: Iterable[Notice]) -> None:
    """Raises `TooManyNotices` where one more of the incident's notices, of that phase, has no
    room."""
    one_by_one = [e.phase for e in told if is_given(e) and e.recipient not in FILED]
    if one_by_one.count(phase) >= MOST_TOLD[phase]:
        raise TooManyNotices


def in_force(notice: Notice, incident: Incident) -> list[Duty]:
    """The duties that the notice covers, as they stand now.

    Raises `FactsChanged` where one is gone, asks nothing any more, or has others told.
    """
    covers = _COVERS.get(notice.recipient, {notice.recipient})
    found = [each for duty_id in notice.duty_ids if (each := incident.duty(duty_id))]
    standing = [each for each in found if each.state is not DutyState.NOT_REQUIRED]
    if len(standing) < len(notice.duty_ids) or any(e.recipient not in covers for e in standing):
        raise FactsChanged
    return standing


def approved(
    notice: Notice, incident: Incident, others: Sequence[Notice], approval: Approval
) -> Notice:
    """The notice once somebody else than who proposed it said that it is right.

    `others` are the incident's notices. Raises `NoticeDecided`, `SameNoticeProposer`,
    `AlreadyTold`, `TooManyNotices`, `FactsChanged`; `NoticeIncomplete` where it became late since,
    or will be when the last one is told, and does not say why (GDPR 33(1)).
    """
    _check_open(notice)
    if notice.proposed_by == approval.by:
        raise SameNoticeProposer
    if any(_told_by(each, notice) for each in others):
        raise AlreadyTold
    if notice.recipient not in FILED:
        check_room(notice.phase, others)
    duties = in_force(notice, incident)
    late = any(is_late(each, approval.told_at) for each in duties if each.id in notice.fulfils)
    check_reasons(notice.late_because, late=late)
    return replace(notice, state=State.APPROVED, decided_by=approval.by, decided_at=approval.at)


def withdrawn(notice: Notice, staff_id: str, now: datetime) -> Notice:
    """The notice once somebody said that it is not to be given.

    Raises `NoticeDecided`; not for one that was approved and not filed yet.
    """
    if not (notice.state is State.APPROVED and notice.recipient in FILED):
        _check_open(notice)
    return replace(notice, state=State.WITHDRAWN, decided_by=staff_id, decided_at=now)


def filed(notice: Notice, at: datetime, now: datetime) -> Notice:
    """The notice that the authority, or the public, got `at` (aware).

    Raises `NotToBeFiled`, `InvalidInput` for a moment before the approval or in the future.
    """
    if notice.recipient not in FILED or notice.state is not State.APPROVED:
        raise NotToBeFiled
    check_past("filed_at", at, now)
    if notice.decided_at is not None and at < notice.decided_at:
        raise InvalidInput(FieldError("filed_at", "before_approval"))
    return replace(notice, state=State.FILED, filed_at=at)


def is_given(notice: Notice) -> bool:
    """Whether its recipients got it, or are being told one by one."""
    given = State.FILED if notice.recipient in FILED else State.APPROVED
    return notice.state is given


def late_duties(notice: Notice, incident: Incident, at: datetime, because: Texts) -> list[str]:
    """The ids of the duties that the notice meets late `at` (aware).

    Raises `NoticeIncomplete` where there are some and neither the notice nor `because` says why,
    in both languages.
    """
    late = [e.id for e in incident.duties if e.id in notice.fulfils and is_late(e, at)]
    check_reasons(notice.late_because or because, late=bool(late))
    return late


def _named(required: Sequence[Duty], asked: Asked) -> list[Duty]:
    covers = _COVERS.get(asked.recipient, {asked.recipient})
    known = {each.id: each for each in required if each.recipient in covers}
    for place, each in enumerate(asked.duty_ids):
        if each not in known:
            raise InvalidInput(FieldError(f"duties.{place}", "not_a_duty"))
    return [known[each] for each in dict.fromkeys(asked.duty_ids)]


def _told_by(other: Notice, notice: Notice) -> bool:
    """Whether `other` tells the same recipients the same for the first time, or did."""
    return (
        other.state in _GIVEN
        and other.recipient is notice.recipient
        and other.phase is notice.phase is Phase.INITIAL
        and not set(other.duty_ids).isdisjoint(notice.duty_ids)
    )


def _check_open(notice: Notice) -> None:
    if notice.state is not State.PROPOSED:
        raise NoticeDecided

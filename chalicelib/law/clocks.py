"""Due dates: pure functions from a law's rule and what happened to a `Deadline`.

No clock is read here, and no zone of the machine: the days are those of the rule's place.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from chalicelib.law.case import Case, Pause, whole
from chalicelib.law.counting import Where, count
from chalicelib.law.deadline import Deadline
from chalicelib.law.models import LimitBy, Pack, Period, Rule, Start, Timing
from chalicelib.law.packs import pack as pack_of

_LIMITS = {
    LimitBy.LAW: "limit",
    LimitBy.POLICY: "policy_limit",
    LimitBy.PROMISE: "promise_limit",
}


def deadline(
    pack: Pack, rule: Rule, case: Case, *, place: str | None = None, zone: str | None = None
) -> Deadline:
    """When `case` is due under `rule` of `pack`.

    `place` is a place of the pack (a member state), by default the pack's own; `zone` an IANA name
    where the place's does not fit. Raises `ValueError` for a rule without limit, an extension that
    the law does not know, an unknown place or zone, a naive moment, a pause that ends before it
    begins.
    """
    if rule.limit is None:
        raise ValueError(f"{pack.id}, {rule.id}: no limit, so no date")
    if case.extended and rule.extension is None:
        raise ValueError(f"{pack.id}, {rule.id}: knows no extension")
    where = _where(pack, place, zone)
    received = whole(case.received_at)
    started = _start(rule, case)
    pauses = _pauses(case)
    limit = _limit(rule.limit, rule.extension if case.extended else None)
    end = count(rule, limit, started, where, pauses)
    unpaused = end
    if pauses or started != received:
        unpaused = count(rule, limit, received, where, ())
    notice_by = None
    if rule.extension is not None:
        notice_by = count(rule, rule.limit, received, where, ()).at
    return Deadline(
        pack=pack.id,
        version=pack.version,
        rule=rule.id,
        law=pack.law,
        article=rule.article,
        place=where.place.id,
        zone=where.zone.key,
        received_at=received,
        started_at=started,
        due_at=end.at,
        due_on=end.day,
        unpaused_due_at=unpaused.at,
        notice_by=notice_by,
        extended=case.extended,
        keep=rule.timing is Timing.KEEP,
        reasons=(*_opening(rule, rule.limit, limit, case), *end.reasons),
    )


def deadlines(laws: Mapping[str, str | None], right: str, case: Case) -> tuple[Deadline, ...]:
    """The dates of a request of type `right` under each of `laws`: jurisdiction → place or None.

    A law that has no rule for the right, or no date in it, gives none. Raises as `deadline`.
    """
    found = []
    for jurisdiction, place in laws.items():
        pack = pack_of(jurisdiction)
        rule = pack.rule_for(right, _where(pack, place, None).day_of(whole(case.received_at)))
        if rule is not None and rule.limit is not None:
            # A law without extension is not extended by what another one allows.
            known = replace(case, extended=case.extended and rule.extension is not None)
            found.append(deadline(pack, rule, known, place=place))
    return tuple(found)


def earliest(found: Iterable[Deadline]) -> Deadline:
    """The one to work towards: the first without pauses. Raises `ValueError` without any."""
    return min(found, key=lambda each: (each.unpaused_due_at, each.due_at, each.pack, each.rule))


def _where(pack: Pack, place: str | None, zone: str | None) -> Where:
    found = pack.place(place)
    try:
        return Where(found, ZoneInfo(zone or found.zone))
    except KeyError:  # zoneinfo's own error for a name that it does not know
        raise ValueError("no such time zone") from None


def _start(rule: Rule, case: Case) -> datetime:
    received = whole(case.received_at)
    if rule.starts is not Start.LATEST:
        return received
    later = (each for each in (case.identity_at, case.fee_at) if each is not None)
    return max([received, *map(whole, later)])


def _pauses(case: Case) -> tuple[Pause, ...]:
    for pause in case.pauses:
        if whole(pause.until) < whole(pause.since):
            raise ValueError("a pause ends before it begins")
    return case.pauses


def _limit(limit: Period, extension: Period | None) -> Period:
    # An extension counts from the same start as the limit, not from the first due date.
    return Period(limit.amount + extension.amount, limit.unit) if extension else limit


def _opening(rule: Rule, first: Period, limit: Period, case: Case) -> tuple[str, ...]:
    key = _LIMITS[rule.limit_by]
    opening = [f"start_{rule.starts}", f"{key}:{first.unit}:{first.amount}"]
    if limit != first:
        opening.append(f"extended:{limit.unit}:{limit.amount}")
    ignored = {each.reason for each in case.pauses} - rule.pauses
    return (*opening, *(f"no_wait_{reason}" for reason in sorted(ignored)))

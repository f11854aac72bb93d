"""What no single field of a pack can show: contradictions between its fields and rows."""

from collections.abc import Iterator
from itertools import combinations

from chalicelib.law.models import LimitBy, Pack, Rule, Timing, Unit

_DATED = {Timing.WITHIN, Timing.KEEP}
_UNMOVED = {Unit.HOURS, Unit.BUSINESS_DAYS}


def check(pack: Pack) -> None:
    """Raises `ValueError`, with all findings, where `pack` contradicts itself."""
    problems = [*_place_problems(pack), *_version_problems(pack)]
    for rule in pack.rules:
        problems += [f"{pack.id}, {rule.id}: {problem}" for problem in _rule_problems(rule)]
    for ground in pack.grounds:
        if not ground.rights:
            problems.append(f"{pack.id}, {ground.id}: a ground that limits no right")
    if problems:
        raise ValueError("; ".join(problems))


def _place_problems(pack: Pack) -> Iterator[str]:
    if pack.default_place not in pack.places:
        yield f"{pack.id}: the default place is none of its places"


def _version_problems(pack: Pack) -> Iterator[str]:
    for one, other in combinations(pack.rules, 2):
        if not _overlap(one, other):
            continue
        if one.id == other.id:
            yield f"{pack.id}: two versions of {one.id} are in force at once"
        elif one.rights & other.rights or (one.event and one.event == other.event):
            yield f"{pack.id}: {one.id} and {other.id} answer the same at once"


def _overlap(one: Rule, other: Rule) -> bool:
    first, second = sorted((one, other), key=lambda rule: rule.in_force_from)
    return first.in_force(second.in_force_from)


def _rule_problems(rule: Rule) -> Iterator[str]:
    if bool(rule.rights) == (rule.event is not None):
        yield "either rights or an event"
    if rule.in_force_until is not None and rule.in_force_until < rule.in_force_from:
        yield "its force ends before it begins"
    yield from _limit_problems(rule)


def _limit_problems(rule: Rule) -> Iterator[str]:
    if rule.limit is None:
        if rule.timing in _DATED:
            yield "a date without a limit"
        if rule.extension or rule.rolls or rule.pauses or rule.limit_by is not LimitBy.LAW:
            yield "without a limit nothing extends, rolls, waits or is set by the policy"
        return
    # Where a law sets no date the policy may, and then the law's timing is why.
    if (rule.limit_by is LimitBy.LAW) != (rule.timing in _DATED):
        yield "a limit of the law has a date, one of the policy stands where the law has none"
    if rule.extension is not None and rule.extension.unit is not rule.limit.unit:
        yield "the extension counts in another unit than the limit"
    if rule.limit.unit in _UNMOVED and (rule.rolls or rule.pauses):
        yield "hours and business days never roll and never wait"

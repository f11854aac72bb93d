"""From rows of a place to registrations, and what an enumeration counts. Pure decisions.

A date is its first moment in Jakarta. What is no moment for sure is refused with its row: to guess
could end a row too early. A zero, or a first day of the calendar, is how others write "never".
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.clock import from_millis, to_millis
from chalicelib.connectors.places import Json, Listing
from chalicelib.connectors.rows import texts_at, values_at
from chalicelib.errors import DomainError
from chalicelib.retention.enumerating.models import Enumeration, Refusal, Stage
from chalicelib.retention.records.models import (
    LONGEST_REFERENCE,
    LONGEST_USER_ID,
    Facts,
    Place,
    Registered,
    Registration,
)
from chalicelib.retention.records.rules import FURTHEST_AHEAD, latest
from chalicelib.retention.records.wire import OPAQUE_PATTERN
from chalicelib.retention.schedule.models import Role, Trigger

type TokenOf = Callable[[str], str]
"""The token of the platform's id of a user. Raises a `DomainError` for what is none."""
type Values = Mapping[str, Json]

TAKEN_UP_AFTER = timedelta(hours=2)
"""One that has not ended by then, nor gone on to another worker, lost the worker that it had."""
ANEW_AFTER = timedelta(days=7)
"""So long after it began, a collection is enumerated anew."""
_ZONE = ZoneInfo("Asia/Jakarta")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {"seconds": timedelta(seconds=1), "milliseconds": timedelta(milliseconds=1)}
_EMPTY = (None, "")


class _Unusable(Exception):
    """What of the row makes no sense. Never leaves this module."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


def registration_of(
    enumeration: Enumeration, listing: Listing, row: Values, token_of: TokenOf, now: datetime
) -> Registration | Refusal:
    """What the row says of itself by the data map, at `now` (aware)."""
    declared = listing.retention
    try:
        reference = _text(row, listing.key, LONGEST_REFERENCE, Refusal.REFERENCE)
        if not reference:
            return Refusal.REFERENCE
        client = _client(row, declared.client)
        person = _person(row, declared.person, token_of)
        triggers = _triggers(row, declared.triggers, declared.numbers, now)
    except _Unusable as unusable:
        return unusable.refusal
    if not triggers:
        return Refusal.NO_MOMENT
    return Registration(
        Place(enumeration.place, enumeration.collection, reference),
        Facts(declared.category, Role(declared.role), client, person),
        triggers,
        only_later=listing.may_repeat,
    )


def merged(told: Iterable[Registration]) -> list[Registration]:
    """With one registration for all rows that are one record: what happened last counts."""
    found: dict[tuple[str, Facts], Registration] = {}
    for each in told:
        which = each.at.reference, each.facts
        before = found.get(which)
        triggers = latest(each.triggers, before.triggers) if before else each.triggers
        found[which] = replace(each, triggers=triggers)
    return list(found.values())


def begun(before: Enumeration, now: datetime) -> Enumeration:
    """An enumeration from the first row on, in place of `before`."""
    return Enumeration(
        before.place,
        before.collection,
        now,
        now + TAKEN_UP_AFTER,
        revision=before.revision,
    )


def counted(
    enumeration: Enumeration, answers: Iterable[Registered], refusals: Iterable[Refusal]
) -> Enumeration:
    """The enumeration with what came of another page."""
    counts, refused = Counter(enumeration.counts), Counter(enumeration.refused)
    for each in answers:
        if each.outcome:
            counts[each.outcome.value] += 1
        elif each.problem:
            refused[each.problem] += 1
    refused.update(each.value for each in refusals)
    return replace(enumeration, counts=dict(counts), refused=dict(refused), problem="")


def ended(enumeration: Enumeration, now: datetime, problem: str = "") -> Enumeration:
    """The enumeration at its end, for good where there is a `problem`."""
    anew = None if problem else enumeration.begun_at + ANEW_AFTER
    return replace(
        enumeration, stage=Stage.ENDED, ended_at=now, look_at=anew, problem=problem, sealed=b""
    )


def _client(row: Values, path: str) -> str:
    client = _text(row, path, LONGEST_REFERENCE, Refusal.CLIENT)
    if client and not re.fullmatch(OPAQUE_PATTERN, client):
        raise _Unusable(Refusal.CLIENT)
    return client


def _person(row: Values, path: str, token_of: TokenOf) -> str:
    user_id = _text(row, path, LONGEST_USER_ID, Refusal.PERSON)
    try:
        return token_of(user_id) if user_id else ""
    except DomainError:
        raise _Unusable(Refusal.PERSON) from None


def _text(row: Values, path: str, longest: int, refusal: Refusal) -> str:
    """The one value in the field `path` as text, empty where there is none."""
    values = _filled(row, path)
    texts = list(texts_at(row, path))
    if len(values) > 1 or len(texts) != len(values) or any(len(each) > longest for each in texts):
        raise _Unusable(refusal)
    return texts[0] if texts else ""


def _triggers(
    row: Values, fields: Mapping[str, str], numbers: str, now: datetime
) -> dict[Trigger, datetime]:
    moments = {
        Trigger(name): [_moment(value, numbers, now) for value in _filled(row, path)]
        for name, path in fields.items()
    }
    return {trigger: max(found) for trigger, found in moments.items() if found}


def _filled(row: Values, path: str) -> list[Json]:
    """What is in the field `path`, a path that is empty leads nowhere."""
    return [value for value in values_at(row, path) if value not in _EMPTY] if path else []


def _moment(value: Json, numbers: str, now: datetime) -> datetime:
    """The moment in UTC, in whole milliseconds, as it is stored and compared."""
    try:
        at = from_millis(to_millis(_read(value, numbers)))
    except (ValueError, OverflowError):
        raise _Unusable(Refusal.MOMENT) from None
    if not _EPOCH < at <= now + FURTHEST_AHEAD:
        raise _Unusable(Refusal.MOMENT)
    return at


def _read(value: Json, numbers: str) -> datetime:
    match value:
        case bool():
            raise ValueError("no moment")
        case int() | float() if numbers:
            return _EPOCH + value * _UNITS[numbers]
        case str() if numbers and re.fullmatch(r"[0-9]{1,18}(\.[0-9]{1,18})?", value):
            return _EPOCH + float(value) * _UNITS[numbers]
        case str():
            return _written(value)
    raise ValueError("no moment")


def _written(text: str) -> datetime:
    """The moment of a date, or of a time that has its offset (ISO 8601)."""
    at = datetime.fromisoformat(text)
    if at.tzinfo:
        return at
    if len(text) > len("2026-11-25"):  # a time, of which nobody knows where it was so late
        raise ValueError("no offset")
    return datetime.combine(date.fromisoformat(text), datetime.min.time(), _ZONE)

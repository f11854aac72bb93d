"""Adding up what becomes of an ended engagement's records. Pure decisions."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chalicelib.retention.engagements.models import Count, Line
from chalicelib.retention.expiry import Expiry
from chalicelib.retention.records.models import HeldRecord, State
from chalicelib.retention.schedule.models import Trigger

HOLD, ARCHIVE = "legal_hold", "archive"
"""What keeps records beside mandates: a hold, and the time that what was archived is kept."""
LOOK_AGAIN = timedelta(hours=1)
"""After so long it is looked again whether what was due has gone: the sweep's own pace."""


def with_living(count: Count, found: Iterable[tuple[HeldRecord, Expiry]], now: datetime) -> Count:
    """The count with these living records."""
    living, overdue, people = Counter(count.living), count.overdue, count.people
    for record, expiry in found:
        living[line_of(record, expiry)] += 1
        overdue += expiry.is_over(now) and record.state is not State.HELD
        people += bool(record.facts.person)
    return replace(count, living=dict(living), overdue=overdue, people=people)


def with_gone(count: Count, found: Iterable[HeldRecord]) -> Count:
    """The count with these records that were disposed of."""
    gone, chain = Counter(count.gone), count.chain
    for record in sorted(found, key=lambda each: each.record_id):
        means = record.means.value if record.means else ""
        gone[Line(record.facts.category, record.disposed_by, means)] += 1
        chain = chained(chain, record.record_id)
    return replace(count, gone=dict(gone), chain=chain)


def chained(chain: str, record_id: str) -> str:
    """The hash over a list of ids that grew by one: SHA-256 of the hash before and the id, in
    lower-case hexadecimal. Whoever has the ids can follow it."""
    return hashlib.sha256(f"{chain}{record_id}".encode()).hexdigest()


def line_of(record: HeldRecord, expiry: Expiry) -> Line:
    """Which fate a living record shares."""
    kept_by = tuple(each.rule for each in expiry.kept_by)
    if expiry.limit and expiry.limit.trigger is Trigger.ARCHIVED:
        kept_by = (*kept_by, ARCHIVE)
    if record.state is State.HELD:
        kept_by = (*kept_by, HOLD)
    return Line(
        record.facts.category,
        expiry.limit.rule if expiry.limit else "",
        expiry.means.value if expiry.means else "",
        expiry.at.astimezone(UTC).date().isoformat() if expiry.at else "",
        kept_by,
    )


def first_look(plan: Mapping[Line, int], now: datetime) -> datetime:
    """When all that nothing keeps should have gone: after the last of their days."""
    days = [line.day for line in plan if line.day and not line.kept_by]
    last = max(days, default="")
    if not last:
        return now
    return max(now, datetime.fromisoformat(last).replace(tzinfo=UTC) + timedelta(days=1))

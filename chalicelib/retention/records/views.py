"""What of records is shown."""

from datetime import datetime

from chalicelib.clock import rfc3339
from chalicelib.retention.expiry import Expiry, Reason
from chalicelib.retention.records.models import Registered, Standing, State
from chalicelib.retention.records.wire import (
    ExpiryView,
    ReadableView,
    ReasonView,
    RecordView,
    RegisteredView,
)


def registered_view(registered: Registered) -> RegisteredView:
    """What came of one registration."""
    record, expiry = registered.record, registered.expiry
    return RegisteredView(
        record_id=record.record_id if record else None,
        outcome=registered.outcome.value if registered.outcome else None,
        problem=registered.problem,
        expiry=expiry_view(expiry) if expiry else None,
    )


def record_view(standing: Standing, now: datetime) -> RecordView:
    """All that the platform may know of a record at `now` (aware)."""
    record, facts = standing.record, standing.record.facts
    readable, usable = _access(standing, now)
    copy = record.only_copy
    return RecordView(
        record_id=record.record_id,
        place=record.at.place,
        collection=record.at.collection,
        category=facts.category,
        role=facts.role.value,
        client=facts.client or None,
        case=facts.case or None,
        state=record.state.value,
        readable=readable,
        usable=usable,
        registered_at=rfc3339(record.registered_at),
        expiry=expiry_view(standing.expiry),
        holds=standing.holds,
        archived_at=_moment(copy.since if copy else None),
        archived_until=_moment(copy.until if copy else None),
        disposed_at=_moment(record.disposed_at),
        disposed_by=record.disposed_by or None,
        means=record.means.value if record.means else None,
    )


def readable_view(standing: Standing | None, now: datetime) -> ReadableView:
    """Whether something may be read at `now` (aware)."""
    if standing is None:
        return ReadableView(known=False, readable=True, usable=True)
    readable, usable = _access(standing, now)
    return ReadableView(
        known=True,
        readable=readable,
        usable=usable,
        expires_at=_moment(standing.expiry.at),
    )


def expiry_view(expiry: Expiry) -> ExpiryView:
    """An end with its reasons."""
    return ExpiryView(
        expires_at=_moment(expiry.at),
        means=expiry.means.value if expiry.means else None,
        limit=_reason(expiry.limit) if expiry.limit else None,
        kept_by=tuple(map(_reason, expiry.kept_by)),
        restricted_from=_moment(expiry.restricted_from),
        open=tuple(map(_reason, expiry.open)),
    )


def _access(standing: Standing, now: datetime) -> tuple[bool, bool]:
    """Whether the data may be read, and used. A hold keeps it; it opens it for nobody. What was
    archived is not at its place any more."""
    gone = standing.record.state is State.DISPOSED or standing.record.archived
    readable = not gone and not standing.expiry.is_over(now)
    return readable, readable and not standing.expiry.is_restricted(now)


def _reason(reason: Reason) -> ReasonView:
    return ReasonView(
        rule=reason.rule,
        ground=reason.ground,
        trigger=reason.trigger.value,
        since=_moment(reason.since),
        until=_moment(reason.until),
    )


def _moment(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None

"""When something ends by itself in a person's consents. Pure."""

from collections.abc import Iterator
from datetime import datetime

from chalicelib.consents.models import REMINDER, VALID, Standing


def next_moment(standing: Standing) -> datetime | None:
    """When the watcher has to look at the person next; None when never."""
    return min(_moments(standing), default=None)


def due_reminders(standing: Standing, now: datetime) -> list[str]:
    """The purposes whose consent ends soon and whose person was not told yet."""
    return [purpose for purpose, at in _reminders(standing) if at <= now]


def ended(standing: Standing, now: datetime) -> list[str]:
    """The purposes whose consent is over by `now` and still stands as given."""
    return [purpose for purpose, at in _ends(standing) if at <= now]


def asked_in_vain(standing: Standing, now: datetime) -> list[str]:
    """The purposes whose consent was asked for anew until `now`, and nobody answered."""
    return [purpose for purpose, at in _askings(standing) if at <= now]


def _moments(standing: Standing) -> Iterator[datetime]:
    yield from (at for _, at in _reminders(standing))
    yield from (at for _, at in _ends(standing))
    yield from (at for _, at in _askings(standing))


def _askings(standing: Standing) -> Iterator[tuple[str, datetime]]:
    for purpose, entry in standing.entries.items():
        if entry.state in VALID and entry.asked_until is not None:
            yield purpose, entry.asked_until


def _ends(standing: Standing) -> Iterator[tuple[str, datetime]]:
    for purpose, entry in standing.entries.items():
        if entry.state in VALID and entry.expires_at is not None:
            yield purpose, entry.expires_at


def _reminders(standing: Standing) -> Iterator[tuple[str, datetime]]:
    for purpose, at in _ends(standing):
        if standing.reminded.get(purpose) != standing.entries[purpose].record_id:
            yield purpose, at - REMINDER

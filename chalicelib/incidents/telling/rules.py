"""What becomes of a telling. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.incidents.telling.models import BreachTelling, Line, Slot, State
from chalicelib.notices.telling.models import Place

STUCK = timedelta(hours=1)
"""So long after its moment the last mail has left, and after its approval a notice has somebody to
tell, unless something is to be mended."""


def behind(place: Place, slot: Slot | None) -> Place:
    """The place with its next mail behind those of all other tellings."""
    return place if slot is None else replace(place, next_at=max(place.next_at, slot.next_at))


def once_more(telling: BreachTelling, now: datetime) -> BreachTelling:
    """The telling with one more round through the whole roll, from `now` (aware) on."""
    if telling.state is State.RUNNING:
        return replace(telling, again=True)
    place = replace(telling.place, part=0, after="", next_at=max(telling.place.next_at, now))
    return replace(telling, state=State.RUNNING, round=telling.round + 1, place=place)


def leaving(telling: BreachTelling) -> BreachTelling:
    """The telling at the begin of its ledger: whether all mails left, and whom they reached."""
    place = replace(telling.place, part=0, after="")
    return replace(telling, state=State.LEAVING, place=place, unreached=0, reached_at=None)


def told_otherwise(telling: BreachTelling) -> BreachTelling:
    """The telling once somebody was told on another way: where that counts, it looks again."""
    waits = telling.state in {State.LEAVING, State.UNREACHED}
    return leaving(telling) if waits else telling


def looked_through(telling: BreachTelling, lines: Iterable[Line]) -> BreachTelling:
    """The telling with these lines of its ledger counted, none of which waits for its mail."""
    unreached, reached_at = telling.unreached, telling.reached_at
    for line in lines:
        if line.is_reached:
            reached_at = max(reached_at or line.reached_at, line.reached_at)
        else:
            unreached += 1
    return replace(telling, unreached=unreached, reached_at=reached_at)


def is_stuck(telling: BreachTelling, now: datetime) -> bool:
    """Whether its mails do not leave, or nobody is on its list."""
    if telling.state is State.RUNNING:
        nobody = not telling.place.told + telling.place.unreachable
        return nobody and now - telling.started_at > STUCK
    return telling.state is State.LEAVING and now - telling.place.next_at > STUCK

"""What becomes of a telling. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.incidents.models import Incident
from chalicelib.incidents.telling.models import LOST, BreachTelling, Holder, Line, Slot, State
from chalicelib.notices.telling.models import Channel, Outcome, Place

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


def duties_met(telling: BreachTelling, incident: Incident, duty_ids: Collection[str]) -> list[str]:
    """Those of these duties that wait for the kind of recipient that was told: to others, in
    another role, nothing was said."""
    return [
        each.id
        for each in incident.duties
        if each.id in duty_ids and each.is_open and each.recipient is telling.recipient
    ]


def is_untold(line: Line) -> bool:
    """Whether nobody was told by the line, so that another address would help."""
    return line.outcome is Outcome.NO_ADDRESS or line.outcome in LOST


def is_elsewhere(line: Line, holder: Holder | None) -> bool:
    """Whether somebody's address of now is another than the one that their line is of: `holder` is
    whose mail went there first, if one did."""
    if holder is None:
        return True
    return holder.recipient_id != line.told.reader_id and holder != line.holder


def without(place: Place, lines: Iterable[Line]) -> Place:
    """The place where these lines, written anew, are counted once."""
    by_mail = [line.told.channel is Channel.EMAIL for line in lines]
    told, unreachable = by_mail.count(True), by_mail.count(False)
    return replace(place, told=place.told - told, unreachable=place.unreachable - unreachable)


def leaving(telling: BreachTelling) -> BreachTelling:
    """The telling at the begin of its ledger: whether all mails left, and whom they reached."""
    place = replace(telling.place, part=0, after="")
    return replace(telling, state=State.LEAVING, place=place, unreached=0, reached_at=None)


def told_otherwise(telling: BreachTelling) -> BreachTelling:
    """The telling once somebody was told on another way: where that counts, it looks again."""
    waits = telling.state in {State.LEAVING, State.UNREACHED}
    return leaving(telling) if waits else telling


def came_back(telling: BreachTelling) -> BreachTelling:
    """The telling once a mail came back of somebody who counted as told, or may have: where it
    looked at them already, it looks again."""
    return leaving(telling) if telling.state in {State.LEAVING, State.DONE} else telling


def looked_through(
    telling: BreachTelling, lines: Iterable[Line], said_at: datetime | None
) -> BreachTelling:
    """The telling with these lines of its ledger counted, none of which waits for its mail;
    `said_at` (aware) is when the others were told in public, if so."""
    unreached, reached_at = telling.unreached, telling.reached_at
    for line in lines:
        at = line.reached_at if line.is_reached else said_at if line.is_said(said_at) else None
        if at is None:
            unreached += 1
        else:
            reached_at = max(reached_at or at, at)
    return replace(telling, unreached=unreached, reached_at=reached_at)


def is_idle(telling: BreachTelling) -> bool:
    """Whether it waits for somebody to be put on the list, or told on another way."""
    return telling.state is State.UNREACHED or _has_nobody(telling)


def is_stuck(telling: BreachTelling, now: datetime) -> bool:
    """Whether its mails do not leave, or nobody is on its list."""
    if telling.state is State.RUNNING:
        return _has_nobody(telling) and now - telling.started_at > STUCK
    return telling.state is State.LEAVING and now - telling.place.next_at > STUCK


def _has_nobody(telling: BreachTelling) -> bool:
    nobody = not telling.place.told + telling.place.unreachable
    return telling.state is State.RUNNING and nobody

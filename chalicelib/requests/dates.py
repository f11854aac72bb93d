"""What decisions make of a request's dates. Pure: the packs are data.

A request's dates were computed when it came, under packs at the versions that it froze. They are
computed anew only by the same versions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.errors import Conflict
from chalicelib.law.case import Case, Pause
from chalicelib.law.clocks import deadline
from chalicelib.law.deadline import Deadline
from chalicelib.law.jurisdictions import laws_for
from chalicelib.law.models import Ground, Pack, PauseReason, Rule
from chalicelib.law.packs import pack as pack_of
from chalicelib.notices.models import Language
from chalicelib.requests.models import DataRequest
from chalicelib.requests.rules import ImpossibleNow


class LawKnowsNone(Conflict):
    """None of the laws that hold for the request knows this extension or wait."""

    code = "law_knows_none"


class PackChanged(Conflict):
    """The law's pack has another version now: the frozen dates stand and are not computed anew."""

    code = "pack_changed"


@dataclass(frozen=True, slots=True)
class Citation:
    """A ground as the law that holds for a request has it."""

    law: str
    ground: Ground

    def words(self, language: Language) -> str:
        """Law, article and ground in one line."""
        text = self.ground.text.en if language == "en" else self.ground.text.id
        return f"{self.law} {self.ground.article}: {text}"


def extended(request: DataRequest, now: datetime) -> DataRequest:
    """With the extension that its laws know, taken at `now`.

    Raises `LawKnowsNone`; `ImpossibleNow` after the moment by which the person has to be told.
    """
    extensible = [each for each in request.deadlines if each.notice_by is not None]
    if not extensible:
        raise LawKnowsNone
    if any(each.notice_by and each.notice_by <= now for each in extensible):
        raise ImpossibleNow
    longer = replace(request, extended=True)
    case = _case(longer)
    dates = (_again(each, case) if each in extensible else each for each in request.deadlines)
    return replace(longer, deadlines=tuple(dates))


def resumed(request: DataRequest, wait: Pause) -> DataRequest:
    """With `wait` behind it: dates move by it where the law says so.

    Where a pack has changed since, the frozen dates stand: they are never the later ones.
    """
    waited = replace(request, pauses=(*request.pauses, wait), paused_since=None, pause_for=None)
    try:
        return _recounted(waited)
    except PackChanged:
        return waited


def knows_pause(request: DataRequest, reason: PauseReason) -> bool:
    """Whether one of the laws that hold for the request counts waits for `reason`."""
    return any(_knows(each, reason) for each in request.deadlines)


def citations(request: DataRequest) -> Mapping[str, Citation]:
    """The grounds on which its laws let it be refused or limited: `<pack>/<ground>`."""
    found: dict[str, Citation] = {}
    day = request.received_at.date()
    for jurisdiction in laws_for(request.content.country):
        pack = pack_of(jurisdiction)
        for ground in pack.grounds_for(request.type.value, day):
            found[f"{pack.id}/{ground.id}"] = Citation(pack.law, ground)
    return found


def _recounted(request: DataRequest) -> DataRequest:
    case = _case(request)
    return replace(request, deadlines=tuple(_again(each, case) for each in request.deadlines))


def _case(request: DataRequest) -> Case:
    return Case(received_at=request.received_at, pauses=request.pauses, extended=request.extended)


def _again(frozen: Deadline, case: Case) -> Deadline:
    pack, rule = _frozen_rule(frozen)
    known = replace(case, extended=case.extended and rule.extension is not None)
    return deadline(pack, rule, known, place=frozen.place, zone=frozen.zone)


def _knows(frozen: Deadline, reason: PauseReason) -> bool:
    try:
        return reason in _frozen_rule(frozen)[1].pauses
    except PackChanged:
        return False


def _frozen_rule(frozen: Deadline) -> tuple[Pack, Rule]:
    pack = pack_of(frozen.pack)
    rule = next((each for each in pack.rules if each.id == frozen.rule), None)
    if pack.version != frozen.version or rule is None:
        raise PackChanged
    return pack, rule

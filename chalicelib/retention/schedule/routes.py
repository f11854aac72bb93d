"""The retention schedule, for the staff. It says how long data is kept and holds none."""

import re
from dataclasses import asdict
from typing import TYPE_CHECKING

from chalicelib.clock import rfc3339
from chalicelib.http.access import Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.retention.schedule.text import MAX_BODY_BYTES, ScheduleText
from chalicelib.retention.schedule.wire import (
    CellView,
    CountsView,
    PreviewView,
    ScheduleCheck,
    ScheduleFinding,
    ScheduleIn,
    ScheduleProposed,
    ScheduleToCheck,
    ScheduleView,
)
from chalicelib.services import services

if TYPE_CHECKING:
    from chalicelib.retention.schedule.checks import Finding
    from chalicelib.retention.schedule.models import Version
    from chalicelib.retention.schedule.tally import Counts

_PATH = "/v1/staff/retention/schedule"
_VERSION = f"{_PATH}/versions/{{version}}"
_PARAMETERS = {"version": {"type": "integer", "minimum": 1}}

schedule = Routes(__name__)


@schedule.operation(
    Operation(
        "GET",
        _PATH,
        "The retention schedule in force",
        ScheduleView,
        access=Staff("retention.read"),
    )
)
def show_schedule(_call: Call[None]) -> Reply:
    return Reply(_view(services().schedules.current()))


@schedule.operation(
    Operation(
        "POST",
        f"{_PATH}/versions",
        "Propose a retention schedule",
        ScheduleProposed,
        body=ScheduleIn,
        longest=MAX_BODY_BYTES,
        statuses=(201,),
        description="A new version, in force once somebody else approves it. What it would do is"
        " counted from now on. What is in force already is not stored again: the answer names it.",
        access=Staff("retention.propose"),
        idempotent=True,
    )
)
def propose_schedule(call: Call[ScheduleIn]) -> Reply:
    proposed = services().schedules.propose(
        call.caller.id, call.body.schedule, replaces=call.body.replaces, call=call.keyed
    )
    version = proposed.version
    return Reply(
        ScheduleProposed(
            version=version.number,
            sha256=version.sha256.hex(),
            proposed_at=rfc3339(version.proposed_at),
            replaces=version.replaces,
            warnings=_findings(proposed.warnings),
        ),
        201,
    )


@schedule.operation(
    Operation(
        "GET",
        _VERSION,
        "A version of the retention schedule, in force or not",
        ScheduleView,
        parameters=_PARAMETERS,
        access=Staff("retention.read"),
    )
)
def show_schedule_version(_call: Call[None], version: str) -> Reply:
    return Reply(_view(services().schedules.version(_number(version))))


@schedule.operation(
    Operation(
        "GET",
        f"{_VERSION}/preview",
        "What a proposed schedule would do to what is held",
        PreviewView,
        parameters=_PARAMETERS,
        description="Counted in the background; the counts so far until `complete`.",
        access=Staff("retention.read"),
    )
)
def preview_schedule(_call: Call[None], version: str) -> Reply:
    preview = services().schedules.preview(_number(version))
    replaces = services().schedules.version(preview.number).replaces
    return Reply(
        PreviewView(
            version=preview.number,
            replaces=replaces,
            complete=preview.ended_at is not None,
            started_at=rfc3339(preview.started_at),
            ended_at=rfc3339(preview.ended_at) if preview.ended_at else None,
            total=_counts(preview.tally.total),
            cells=tuple(
                CellView(category=category, month=month or None, counts=_counts(counts))
                for (category, month), counts in sorted(preview.tally.cells.items())
            ),
        )
    )


@schedule.operation(
    Operation(
        "POST",
        f"{_VERSION}/approve",
        "Put a proposed retention schedule in force",
        ScheduleView,
        parameters=_PARAMETERS,
        description="By somebody else than who proposed it, once its preview is complete, and only"
        " in place of the version that was in force then. One that is in force already stays.",
        access=Staff("retention.approve"),
    )
)
def approve_schedule(call: Call[None], version: str) -> Reply:
    return Reply(_view(services().schedules.approve(call.caller.id, _number(version))))


@schedule.operation(
    Operation(
        "POST",
        f"{_PATH}/check",
        "Check a retention schedule without proposing it",
        ScheduleCheck,
        body=ScheduleToCheck,
        longest=MAX_BODY_BYTES,
        access=Staff("retention.propose"),
    )
)
def check_schedule(call: Call[ScheduleToCheck]) -> Reply:
    findings = services().schedules.check(call.body.schedule)
    acceptable = not any(each.is_error for each in findings)
    return Reply(ScheduleCheck(acceptable=acceptable, findings=_findings(findings)))


def _number(version: str) -> int:
    """The number in the path; what is none is the number of no version."""
    return int(version) if re.fullmatch(r"[1-9][0-9]{0,9}", version) else 0


def _view(version: "Version") -> ScheduleView:
    return ScheduleView(
        version=version.number,
        sha256=version.sha256.hex(),
        proposed_at=rfc3339(version.proposed_at),
        proposed_by=version.proposed_by,
        replaces=version.replaces,
        schedule=ScheduleText.model_validate_json(version.text),
    )


def _counts(counts: "Counts") -> CountsView:
    return CountsView(**asdict(counts))


def _findings(findings: "list[Finding]") -> tuple[ScheduleFinding, ...]:
    return tuple(
        ScheduleFinding(where=each.where, code=each.code, is_error=each.is_error)
        for each in findings
    )

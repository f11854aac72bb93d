"""What the staff sees of the sweep, and confirms."""

from typing import TYPE_CHECKING

from chalicelib.clock import rfc3339
from chalicelib.http.access import Staff
from chalicelib.http.paging import page_asked
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.retention.sweeping.wire import GroupView, RehearsalView, RunList, RunView
from chalicelib.services import services

if TYPE_CHECKING:
    from chalicelib.retention.sweeping.models import Run

_SWEEPS = "/v1/staff/retention/sweeps"
_RUN = {"run_id": {"type": "string", "pattern": "^[0-9A-Z]{26}$"}}

sweeps = Routes(__name__)


@sweeps.operation(
    Operation(
        "GET",
        _SWEEPS,
        "The runs of the retention sweep",
        RunList,
        query=("limit", "cursor"),
        access=Staff("retention.read"),
    )
)
def list_sweeps(call: Call[None]) -> Reply:
    here = services()
    asked = page_asked(call.query, _SWEEPS, here.cursors)
    runs, last = here.sweep_runs.latest(asked.limit, asked.start)
    cursor = here.cursors.encode(_SWEEPS, last) if last else None
    return Reply(RunList(sweeps=tuple(map(_view, runs)), cursor=cursor))


@sweeps.operation(
    Operation(
        "GET",
        "/v1/staff/retention/rehearsal",
        "What the sweep would do now",
        RehearsalView,
        description="Looks at up to 2,000 due records and changes nothing.",
        access=Staff("retention.read"),
    )
)
def rehearse_sweep(_call: Call[None]) -> Reply:
    found = services().rehearsing.rehearse()
    groups = tuple(
        GroupView(
            category=group.category,
            place=group.place,
            rule=group.rule,
            means=group.means,
            records=count,
        )
        for group, count in sorted(found.groups.items())
    )
    return Reply(
        RehearsalView(
            groups=groups,
            held=found.held,
            moved=found.moved,
            complete=found.complete,
            allowed=found.allowed,
        )
    )


@sweeps.operation(
    Operation(
        "POST",
        _SWEEPS + "/{run_id}/confirm",
        "Let a sweep go on that stopped itself",
        RunView,
        parameters=_RUN,
        description="It found far more than usual. With the next hour it disposes of as many"
        " records as it found, each looked at anew.",
        access=Staff("retention.approve"),
        exact_path=True,
    )
)
def confirm_sweep(call: Call[None], run_id: str) -> Reply:
    return Reply(_view(services().sweep.confirm(run_id, call.caller.id)))


def _view(run: "Run") -> RunView:
    return RunView(
        run_id=run.run_id,
        state=run.state.value,
        started_at=rfc3339(run.started_at),
        ended_at=rfc3339(run.ended_at) if run.ended_at else None,
        due=run.due,
        lag_seconds=run.lag,
        handed=run.handed,
        batches=run.batches,
        finished=run.finished,
        counts=dict(run.counts),
        confirmed_by=run.confirmed_by or None,
    )

"""Which deed a type of request asks for, who has to approve it, and how it ends. Pure decisions.

What has to be approved stands in approvals.toml.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from chalicelib.connectors.places import Deed, Verdict
from chalicelib.requests.fulfilment.models import Progress, Task
from chalicelib.requests.models import DataRequest, RequestType
from chalicelib.requests.rules import Event

_FILE = Path(__file__).parent / "approvals.toml"

DEEDS: Mapping[RequestType, Deed] = {
    RequestType.ACCESS: Deed.COPY,
    RequestType.PORTABILITY: Deed.COPY,
    RequestType.CORRECTION: Deed.CORRECT,
    RequestType.DELETION: Deed.ERASE,
    RequestType.RESTRICTION: Deed.RESTRICT,
    # Nothing is processed while it is looked into (GDPR 18(1)(d), UU PDP 41).
    RequestType.OBJECTION: Deed.RESTRICT,
    RequestType.CONSENT_WITHDRAWAL: Deed.RESTRICT,
}


def needs_approval(request: DataRequest, progress: Progress) -> bool:
    """Whether a member of the staff decides before anything is sent or changed."""
    policy = _approvals()
    return bool(
        policy["types"][request.type.value]
        or (request.content.mandate and policy["persons"]["represented"])
        or (request.checked_by and policy["persons"]["checked_by_staff"])
        or (request.appealed and policy["persons"]["appealing"])
        or (progress.failed and policy["outcomes"]["failed"])
        or (request.type is RequestType.CORRECTION and not request.content.corrections)
    )


def ending(tasks: Iterable[Task]) -> Event:
    """How the request ends whose tasks these are: in part where anything was kept or failed."""
    verdicts = {task.verdict for task in tasks}
    whole = verdicts.isdisjoint({Verdict.RETAINED, Verdict.FAILED})
    return Event.COMPLETED if whole else Event.PARTLY_COMPLETED


def retained_rules(tasks: Iterable[Task]) -> tuple[str, ...]:
    """The retention rules for which something was kept, in order and once each."""
    outcomes = (task.done for task in tasks if task.done)
    return tuple(sorted({kept.rule for outcome in outcomes for kept in outcome.kept}))


@cache
def _approvals() -> Mapping[str, Mapping[str, bool]]:
    return tomllib.loads(_FILE.read_text("utf-8"))

"""What of the retention schedule is on the wire. The schedule itself is in `text.py`."""

from typing import Annotated

from pydantic import Field

from chalicelib.retention.schedule.text import ScheduleText
from chalicelib.wire import Answer, Wire


class ScheduleToCheck(Wire):
    """The body of `POST /v1/staff/retention/schedule/check`."""

    schedule: ScheduleText


class ScheduleIn(Wire):
    """The body of `POST /v1/staff/retention/schedule/versions`.

    `replaces` is the version that it was made from, 0 for none: if another is in force by now, the
    call is refused.
    """

    schedule: ScheduleText
    replaces: Annotated[int, Field(ge=0)] | None = None


class ScheduleFinding(Answer):
    """`where` names a rule, by its place in the schedule or the policy's id of it."""

    where: str
    code: str
    is_error: bool


class ScheduleCheck(Answer):
    """`acceptable`: whether proposing would be accepted."""

    acceptable: bool
    findings: tuple[ScheduleFinding, ...]


class ScheduleProposed(Answer):
    """`replaces` is the version in force, 0 for none: in its place alone this may be approved."""

    version: int
    sha256: str
    proposed_at: str
    replaces: int
    warnings: tuple[ScheduleFinding, ...]


class ScheduleView(Answer):
    """A version; `proposed_by` is empty for the operator.

    `sha256` is that of the schedule as JSON with sorted keys and without blanks.
    """

    version: int
    sha256: str
    proposed_at: str
    proposed_by: str
    replaces: int
    schedule: ScheduleText


class CountsView(Answer):
    """How many records would end earlier, later, for the first time, never, or as before.

    `other_means`: end by another means; `over_at_once`: were over when the count began.
    """

    earlier: int
    later: int
    newly: int
    never: int
    unchanged: int
    other_means: int
    over_at_once: int


class CellView(Answer):
    """The counts of one category; `month` (`2026-11`) is that of the new end, null for no end."""

    category: str
    month: str | None
    counts: CountsView


class PreviewView(Answer):
    """What a version would do instead of the one that it replaces, as far as it was counted."""

    version: int
    replaces: int
    complete: bool
    started_at: str
    ended_at: str | None
    total: CountsView
    cells: tuple[CellView, ...]

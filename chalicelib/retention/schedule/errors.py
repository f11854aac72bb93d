"""What may be wrong with proposing, previewing, approving and reading schedules."""

from chalicelib.errors import Conflict, InvalidInput, NotFound, Unavailable


class InvalidSchedule(InvalidInput):
    """A schedule that breaks the policy or a law, or contradicts itself; the fields say where."""

    code = "invalid_schedule"


class NoSchedule(NotFound):
    """No schedule is in force yet."""

    code = "no_schedule"


class UnknownScheduleVersion(NotFound):
    """No schedule has this number."""

    code = "unknown_schedule_version"


class NoPreview(NotFound):
    """This version was published by the operator, and nobody asked what it would do."""

    code = "no_schedule_preview"


class ScheduleMoved(Conflict):
    """Somebody was faster: another version is in force than the one to be replaced."""

    code = "schedule_moved"


class SameProposer(Conflict):
    """A schedule is approved by somebody else than who proposed it."""

    code = "same_schedule_proposer"


class PreviewPending(Conflict):
    """What the version would do is still being counted; nobody approves what they cannot see."""

    code = "schedule_preview_pending"


class PreviewOvertaken(Unavailable):
    """Another worker counted this page: the rest is its to count."""

    code = "schedule_preview_overtaken"

"""What is refused of what follows an incident."""

from chalicelib.errors import Conflict, FieldError, NotFound


class IncidentIncomplete(Conflict):
    """It cannot be closed while a mandatory part is missing; the fields say which."""

    code = "incident_incomplete"

    def __init__(self, *fields: FieldError) -> None:
        super().__init__(self.code)
        self.fields = fields


class UnknownRemedy(NotFound):
    """The incident has no such remediation action."""

    code = "unknown_action"


class RemedyEnded(Conflict):
    """The action was done or dropped before."""

    code = "action_ended"


class TooManyRemedies(Conflict):
    """More actions than are sealed together; what is left goes into those that are there."""

    code = "too_many_actions"


class TooManyTurns(Conflict):
    """It was closed and opened again so often that another turn would not be kept."""

    code = "too_many_turns"


class NothingToReport(Conflict):
    """A language without a text, and no root cause in it that one could be made of."""

    code = "nothing_to_report"


class ReportTooLong(Conflict):
    """What is known makes a longer report than can be sent: somebody has to write a shorter one."""

    code = "report_too_long"


class NoReport(NotFound):
    """Nobody has proposed a report to clients yet."""

    code = "no_report"


class ReportReplaced(Conflict):
    """Another report was proposed since; read that one before approving it."""

    code = "report_replaced"


class ReportApproved(Conflict):
    """The report was approved before."""

    code = "report_approved"


class OwnReport(Conflict):
    """Whoever wrote the report does not approve it."""

    code = "own_report"


class NotClosed(Conflict):
    """The incident is not closed."""

    code = "incident_not_closed"

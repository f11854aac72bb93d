"""What is refused of incidents."""

from chalicelib.errors import Conflict, Gone, NotFound


class UnknownIncident(NotFound):
    """No such incident."""

    code = "unknown_incident"


class IncidentOver(Gone):
    """Its time under the retention schedule is over: nothing of it is read any more."""

    code = "incident_over"


class NotADraft(Conflict):
    """It was taken up or dismissed before."""

    code = "not_a_draft"


class IncidentNotOpen(Conflict):
    """A draft has to be taken up first; what is closed is opened again first."""

    code = "incident_not_open"


class AlreadyAware(Conflict):
    """Somebody decided before since when we know; a correction is a decision of its own."""

    code = "already_aware"


class NotAware(Conflict):
    """Nobody has decided yet that, and since when, we know of it."""

    code = "not_aware"


class DatesWouldBeLate(Conflict):
    """Who knew earlier has less time: the dates that stand would be later than the law's."""

    code = "dates_would_be_late"


class ReasonsMissing(Conflict):
    """The severity is another than the score's, and nobody says why."""

    code = "reasons_missing"


class ClientsWouldBeLost(Conflict):
    """The new facts leave out affected clients, and do not say which revision they were made of:
    whoever takes some away has seen them."""

    code = "clients_would_be_lost"


class IncidentMoved(Conflict):
    """Somebody changed the incident since it was read."""

    code = "incident_moved"

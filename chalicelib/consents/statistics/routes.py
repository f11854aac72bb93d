"""Statistics, for the staff."""

from chalicelib.consents.statistics.wire import GroupPage
from chalicelib.http.access import Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.services import services

_DAY = {"type": "string", "format": "date"}

consent_statistics = Routes(__name__)


@consent_statistics.operation(
    Operation(
        "GET",
        "/v1/staff/statistics/consents",
        "How many people decided what, by purpose, state, language, site and day",
        GroupPage,
        query=("from", "to", "limit", "cursor"),
        description="Of at most 31 UTC days that are over; without `to` up to the last of them,"
        " without `from` 31 days. Each person counts once in a group. A group of fewer than ten"
        " has no count, and there are no sums.",
        parameters={"from": _DAY, "to": _DAY},
        access=Staff("statistics.read"),
    )
)
def show_consent_statistics(call: Call[None]) -> Reply:
    from chalicelib.consents.statistics.views import group_page  # noqa: PLC0415  # not for visitors

    here = services()
    return Reply(group_page(here.statistics, here.cursors, call.query))

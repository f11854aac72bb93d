"""The end of a client's engagement, for the staff."""

from typing import TYPE_CHECKING

from chalicelib.clock import rfc3339
from chalicelib.http.access import Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.retention.engagements.wire import (
    EndIn,
    EngagementCertificate,
    EngagementView,
    FateView,
)
from chalicelib.retention.records.wire import OPAQUE_PATTERN
from chalicelib.services import services

if TYPE_CHECKING:
    from chalicelib.retention.engagements.models import Engagement

_CLIENT = "/v1/staff/clients/{client}"
_PARAMETERS = {"client": {"type": "string", "pattern": OPAQUE_PATTERN}}

engagements = Routes(__name__)


@engagements.operation(
    Operation(
        "POST",
        _CLIENT + "/end",
        "End a client's engagement",
        EngagementView,
        body=EndIn,
        parameters=_PARAMETERS,
        statuses=(202,),
        description="All records of the client learn of it and get their ends anew; the plan is"
        " there soon after. What is due goes with the hourly sweep, and once all has gone that no"
        " law and no hold keeps, the certificate is there. A repeat changes nothing.",
        access=Staff("engagements.end"),
        exact_path=True,
    )
)
def end_engagement(call: Call[EndIn], client: str) -> Reply:
    ended = services().engagements.end(client, call.body.ended_at, call.caller.id)
    return Reply(_view(ended), 202)


@engagements.operation(
    Operation(
        "GET",
        _CLIENT + "/end",
        "How far the end of an engagement has come",
        EngagementView,
        parameters=_PARAMETERS,
        access=Staff("retention.read"),
        exact_path=True,
    )
)
def show_engagement(_call: Call[None], client: str) -> Reply:
    return Reply(_view(services().engagements.show(client)))


@engagements.operation(
    Operation(
        "GET",
        _CLIENT + "/certificate",
        "The certificate of an ended engagement",
        EngagementCertificate,
        parameters=_PARAMETERS,
        access=Staff("retention.read"),
        exact_path=True,
    )
)
def show_engagement_certificate(_call: Call[None], client: str) -> Reply:
    return Reply(EngagementCertificate(certificate=services().engagements.certificate(client)))


def _view(engagement: "Engagement") -> EngagementView:
    return EngagementView(
        client=engagement.client,
        stage=engagement.stage.value,
        ended_at=rfc3339(engagement.ended_at),
        ordered_at=rfc3339(engagement.ordered_at),
        plan=tuple(
            FateView(
                category=line.category,
                rule=line.rule or None,
                means=line.means or None,
                until=line.day or None,
                kept_by=line.kept_by,
                records=records,
            )
            for line, records in sorted(engagement.plan.items())
        ),
        records_of_people=engagement.people,
        certified=bool(engagement.certificate),
    )

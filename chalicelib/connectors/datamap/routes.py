"""The data map, for the staff. It says where personal data is and holds none."""

from typing import TYPE_CHECKING

from chalicelib.audit.entry import Actor
from chalicelib.clock import rfc3339
from chalicelib.connectors.datamap.wire import (
    MAX_BODY_BYTES,
    DataMapCheck,
    DataMapIn,
    DataMapPublished,
    DataMapText,
    DataMapView,
    FindingView,
)
from chalicelib.http.access import Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.services import services

if TYPE_CHECKING:
    from chalicelib.connectors.datamap.checks import Finding

_PATH = "/v1/staff/data-map"
_MOST_FINDINGS = 500

data_map = Routes(__name__)


@data_map.operation(
    Operation("GET", _PATH, "The data map in force", DataMapView, access=Staff("data_map.read"))
)
def show_data_map(_call: Call[None]) -> Reply:
    current = services().data_maps.current()
    return Reply(
        DataMapView(
            version=current.number,
            sha256=current.sha256.hex(),
            published_at=rfc3339(current.published_at),
            yaml=current.text,
        )
    )


@data_map.operation(
    Operation(
        "PUT",
        _PATH,
        "Publish a data map",
        DataMapPublished,
        body=DataMapIn,
        longest=MAX_BODY_BYTES,
        description="A new version, in force at once. The map that is in force already stays as it"
        " is.",
        access=Staff("data_map.manage"),
        idempotent=True,
    )
)
def publish_data_map(call: Call[DataMapIn]) -> Reply:
    actor = Actor(call.caller.kind, call.caller.id)
    published = services().data_maps.publish(
        actor, call.body.yaml, replaces=call.body.replaces, call=call.keyed
    )
    version = published.version
    return Reply(
        DataMapPublished(
            version=version.number,
            sha256=version.sha256.hex(),
            published_at=rfc3339(version.published_at),
            warnings=_views(published.warnings),
        )
    )


@data_map.operation(
    Operation(
        "POST",
        f"{_PATH}/check",
        "Check a data map without publishing it",
        DataMapCheck,
        body=DataMapText,
        longest=MAX_BODY_BYTES,
        description="Answers with all findings, at most 500.",
        access=Staff("data_map.manage"),
    )
)
def check_data_map(call: Call[DataMapText]) -> Reply:
    findings = services().data_maps.check(call.body.yaml)
    acceptable = not any(each.is_error for each in findings)
    return Reply(DataMapCheck(acceptable=acceptable, findings=_views(findings)))


def _views(findings: "list[Finding]") -> tuple[FindingView, ...]:
    return tuple(
        FindingView(where=each.where, code=each.code, is_error=each.is_error)
        for each in findings[:_MOST_FINDINGS]
    )

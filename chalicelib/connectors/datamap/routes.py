"""The data map, for the staff. It says where personal data is and holds none."""

import re
from typing import TYPE_CHECKING

from chalicelib.clock import rfc3339
from chalicelib.connectors.datamap.wire import (
    MAX_BODY_BYTES,
    DataMapCheck,
    DataMapIn,
    DataMapProposed,
    DataMapText,
    DataMapView,
    FindingView,
)
from chalicelib.http.access import Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.services import services

if TYPE_CHECKING:
    from chalicelib.connectors.datamap.checks import Finding
    from chalicelib.connectors.datamap.models import Version

_PATH = "/v1/staff/data-map"
_VERSION = f"{_PATH}/versions/{{version}}"
_PARAMETERS = {"version": {"type": "integer", "minimum": 1}}
_MOST_FINDINGS = 500

data_map = Routes(__name__)


@data_map.operation(
    Operation("GET", _PATH, "The data map in force", DataMapView, access=Staff("data_map.read"))
)
def show_data_map(_call: Call[None]) -> Reply:
    return Reply(_view(services().data_maps.current()))


@data_map.operation(
    Operation(
        "POST",
        f"{_PATH}/versions",
        "Propose a data map",
        DataMapProposed,
        body=DataMapIn,
        longest=MAX_BODY_BYTES,
        statuses=(201,),
        description="A new version, in force once somebody else approves it. What is in force"
        " already is not stored again: the answer names it.",
        access=Staff("data_map.propose"),
        idempotent=True,
    )
)
def propose_data_map(call: Call[DataMapIn]) -> Reply:
    proposed = services().data_maps.propose(
        call.caller.id, call.body.yaml, replaces=call.body.replaces, call=call.keyed
    )
    version = proposed.version
    return Reply(
        DataMapProposed(
            version=version.number,
            sha256=version.sha256.hex(),
            proposed_at=rfc3339(version.proposed_at),
            replaces=version.replaces,
            warnings=_views(proposed.warnings),
        ),
        201,
    )


@data_map.operation(
    Operation(
        "GET",
        _VERSION,
        "A version of the data map, in force or not",
        DataMapView,
        parameters=_PARAMETERS,
        access=Staff("data_map.read"),
    )
)
def show_data_map_version(_call: Call[None], version: str) -> Reply:
    return Reply(_view(services().data_maps.version(_number(version))))


@data_map.operation(
    Operation(
        "POST",
        f"{_VERSION}/approve",
        "Put a proposed data map in force",
        DataMapView,
        parameters=_PARAMETERS,
        description="By somebody else than who proposed it, and only in place of the version that"
        " was in force then. One that is in force already stays.",
        access=Staff("data_map.approve"),
    )
)
def approve_data_map(call: Call[None], version: str) -> Reply:
    return Reply(_view(services().data_maps.approve(call.caller.id, _number(version))))


@data_map.operation(
    Operation(
        "POST",
        f"{_PATH}/check",
        "Check a data map without publishing it",
        DataMapCheck,
        body=DataMapText,
        longest=MAX_BODY_BYTES,
        description="Answers with all findings, at most 500.",
        access=Staff("data_map.propose"),
    )
)
def check_data_map(call: Call[DataMapText]) -> Reply:
    findings = services().data_maps.check(call.body.yaml)
    acceptable = not any(each.is_error for each in findings)
    return Reply(DataMapCheck(acceptable=acceptable, findings=_views(findings)))


def _number(version: str) -> int:
    """The number in the path; what is none is the number of no version."""
    return int(version) if re.fullmatch(r"[1-9][0-9]{0,9}", version) else 0


def _view(version: "Version") -> DataMapView:
    return DataMapView(
        version=version.number,
        sha256=version.sha256.hex(),
        proposed_at=rfc3339(version.proposed_at),
        proposed_by=version.proposed_by,
        replaces=version.replaces,
        yaml=version.text,
    )


def _views(findings: "list[Finding]") -> tuple[FindingView, ...]:
    return tuple(
        FindingView(where=each.where, code=each.code, is_error=each.is_error)
        for each in findings[:_MOST_FINDINGS]
    )

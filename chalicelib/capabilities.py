"""Below which paths the routes of each capability are, and how they are imported.

What visitors' pages call is imported with the app, everything else when it is first asked for: so
what a new operation costs, its models above all, no visitor waits for (docs/adr/0010).
"""

from chalicelib.cookies.routes import pages, public
from chalicelib.http.route_table import Capability
from chalicelib.http.routes import Operation, Routes

type Group = tuple[Routes, ...]


def _cookies() -> Group:
    return public, pages


def _identity() -> Group:
    from chalicelib.identity.routes import people

    return (people,)


def _notices() -> Group:
    from chalicelib.notices.notice_routes import notices

    return (notices,)


def _consents() -> Group:
    from chalicelib.consents.imports.routes import consent_imports
    from chalicelib.consents.platform_routes import collected_consents
    from chalicelib.consents.routes import own_consents

    # Literal paths before those with parameters.
    return consent_imports, collected_consents, own_consents


def _staff_consents() -> Group:
    from chalicelib.consents.staff_routes import staff_consents
    from chalicelib.consents.statistics.routes import consent_statistics

    return staff_consents, consent_statistics


def _stopping() -> Group:
    from chalicelib.consents.stopping.routes import stop_answers
    from chalicelib.consents.stopping.staff_routes import stopping

    return stopping, stop_answers


def _requests() -> Group:
    from chalicelib.requests.copies.routes import copies
    from chalicelib.requests.routes import requests

    return requests, copies


def _staff() -> Group:
    from chalicelib.staff.routes import staff

    return (staff,)


def _staff_requests() -> Group:
    from chalicelib.requests.intake_routes import intake
    from chalicelib.requests.staff_routes import staff_requests

    return staff_requests, intake


def _messages() -> Group:
    from chalicelib.notices.routes import messages

    return (messages,)


def _webhooks() -> Group:
    from chalicelib.connectors.webhooks.routes import webhooks

    return (webhooks,)


def _data_map() -> Group:
    from chalicelib.connectors.datamap.routes import data_map

    return (data_map,)


def _retention() -> Group:
    from chalicelib.retention.enumerating.routes import enumerations
    from chalicelib.retention.schedule.routes import schedule
    from chalicelib.retention.sweeping.routes import sweeps

    return schedule, sweeps, enumerations


def _records() -> Group:
    from chalicelib.retention.records.routes import held_records

    return (held_records,)


def _engagements() -> Group:
    from chalicelib.retention.engagements.routes import engagements

    return (engagements,)


def _archive() -> Group:
    from chalicelib.retention.archiving.routes import archive

    return (archive,)


def _place_answers() -> Group:
    from chalicelib.connectors.remote.routes import place_answers

    return (place_answers,)


def _holds() -> Group:
    from chalicelib.retention.holds.routes import holds

    return (holds,)


def _incidents() -> Group:
    from chalicelib.incidents.affected.routes import affected
    from chalicelib.incidents.aftermath.routes import aftermath
    from chalicelib.incidents.findings.routes import findings
    from chalicelib.incidents.notices.routes import breach_notices
    from chalicelib.incidents.pack.routes import evidence
    from chalicelib.incidents.platform_routes import reported_incidents
    from chalicelib.incidents.routes import incidents
    from chalicelib.incidents.telling.routes import breach_tellings

    return (
        incidents,
        findings,
        breach_notices,
        reported_incidents,
        affected,
        breach_tellings,
        aftermath,
        evidence,
    )


def _opendsr() -> Group:
    from chalicelib.opendsr.routes import opendsr

    return (opendsr,)


CAPABILITIES = (
    Capability(_cookies, "/v1/sites"),
    Capability(_identity, "/v1/sessions"),
    Capability(_notices, "/v1/notices", "/v1/notice-texts", "/v1/staff/notices"),
    Capability(_consents, "/v1/consents"),
    Capability(_staff_consents, "/v1/staff/subjects/{subject_id}", "/v1/staff/statistics"),
    Capability(_stopping, "/v1/staff/processors", "/v1/staff/stop-orders", "/v1/stop-orders"),
    Capability(_requests, "/v1/requests"),
    Capability(
        _staff,
        "/v1/staff/account",
        "/v1/staff/audit",
        "/v1/staff/subjects/find",
        "/v1/platform/account",
    ),
    Capability(_staff_requests, "/v1/staff/requests", "/v1/platform/requests"),
    Capability(_messages, "/v1/staff/messages"),
    Capability(_webhooks, "/v1/staff/webhooks"),
    Capability(_data_map, "/v1/staff/data-map"),
    Capability(_retention, "/v1/staff/retention"),
    Capability(_records, "/v1/records"),
    Capability(_engagements, "/v1/staff/clients"),
    Capability(_archive, "/v1/staff/archive"),
    Capability(_place_answers, "/v1/places"),
    Capability(_holds, "/v1/staff/holds"),
    Capability(_incidents, "/v1/staff/incidents", "/v1/incidents"),
    Capability(_opendsr, "/opendsr"),
)
"""In the order of the OpenAPI document."""


def operations() -> list[Operation]:
    """All of them; imports every capability."""
    return [
        operation
        for capability in CAPABILITIES
        for routes in capability.load()
        for operation in routes.operations
    ]

"""The banner and the choices made in it."""

import re

from chalicelib.cookies.banner import banner_for
from chalicelib.cookies.models import (
    OPAQUE_ID_PATTERN,
    SITE_ID_PATTERN,
    PreferenceIn,
    PreferenceOut,
    PreferencesView,
)
from chalicelib.cookies.views import notice_view, preference_out, preferences_view
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.http.caching import cacheable, matches
from chalicelib.http.routes import BEACON, JSON, Call, Operation, Reply, Routes
from chalicelib.notices.models import NoticeView
from chalicelib.services import services

_CHOICES = "/v1/sites/{site}/cookie-preferences"
_VISITOR = "/v1/sites/{site}/cookie-preferences/{visitor_id}"
_VISITOR_ID = re.compile(OPAQUE_ID_PATTERN)
_PARAMETERS = {
    "site": {"type": "string", "pattern": SITE_ID_PATTERN},
    "visitor_id": {"type": "string", "pattern": OPAQUE_ID_PATTERN},
}
JAVASCRIPT = "application/javascript"
_FRESH, _STALE = 300, 86_400
"""Seconds for which a browser keeps the banner, and shows it while it fetches a newer one."""


def _allows_origin(site: str, origin: str) -> bool:
    return services().sites.allows(site, origin)


public = Routes(__name__)
pages = Routes(__name__, _allows_origin)


@public.operation(
    Operation(
        "GET",
        "/v1/sites/{site}/banner.js",
        "The site's banner",
        JAVASCRIPT,
        statuses=(200, 304),
        parameters=_PARAMETERS,
    )
)
def banner(call: Call[None], site: str) -> Reply:
    rendered = banner_for(services().sites.get(site))
    headers = cacheable(rendered.etag, seconds=_FRESH, stale_seconds=_STALE)
    if matches(rendered.etag, call.headers.get("if-none-match")):
        return Reply("", 304, headers)
    return Reply(rendered.script, 200, {**headers, "content-type": f"{JAVASCRIPT}; charset=utf-8"})


@public.operation(
    Operation(
        "GET",
        "/v1/sites/{site}/notice",
        "The cookie notice in force",
        NoticeView,
        parameters=_PARAMETERS,
    )
)
def notice(_call: Call[None], site: str) -> Reply:
    return Reply(notice_view(services().sites.get(site)))


@pages.operation(
    Operation(
        "POST",
        _CHOICES,
        "Record a visitor's choice",
        PreferenceOut,
        body=PreferenceIn,
        accepts=(JSON, BEACON),
        statuses=(201, 200),
        description="The event id is the idempotency key, within its site and visitor: the same "
        "event again answers 200 with the first record, the same id for another choice 409. An "
        "Idempotency-Key header is accepted and adds nothing.",
        parameters=_PARAMETERS,
        headers=("Sec-GPC", "Idempotency-Key"),
    )
)
def record_choice(call: Call[PreferenceIn], site: str) -> Reply:
    recorded = services().cookies.record(site, call.body, call.origin or "", gpc_header=call.gpc)
    answer = preference_out(recorded.preference, recorded.receipt)
    return Reply(answer, 201 if recorded.created else 200)


@pages.operation(
    Operation(
        "GET",
        _VISITOR,
        "The choice in force and its history",
        PreferencesView,
        query=("limit", "cursor"),
        parameters=_PARAMETERS,
        headers=("Sec-GPC",),
    )
)
def show_choices(call: Call[None], site: str, visitor_id: str) -> Reply:
    standing = services().cookies.standing(site, _opaque(visitor_id), gpc=call.gpc)
    return Reply(preferences_view(site, visitor_id, standing, call.query, services().cursors))


@pages.operation(
    Operation(
        "DELETE",
        _VISITOR,
        "Withdraw every optional choice",
        PreferencesView,
        description="Repeating it changes nothing.",
        parameters=_PARAMETERS,
        headers=("Sec-GPC", "Idempotency-Key"),
    )
)
def withdraw_choices(call: Call[None], site: str, visitor_id: str) -> Reply:
    standing = services().cookies.withdraw(
        site, _opaque(visitor_id), call.origin or "", gpc=call.gpc
    )
    return Reply(preferences_view(site, visitor_id, standing, {}, services().cursors))


def _opaque(visitor_id: str) -> str:
    if not _VISITOR_ID.fullmatch(visitor_id):
        raise InvalidInput(FieldError("visitor_id", "invalid_value"))
    return visitor_id


pages.preflight(_CHOICES)
pages.preflight(_VISITOR)

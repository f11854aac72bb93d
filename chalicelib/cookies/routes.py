"""The banner and the choices made in it."""

import re

from chalicelib.cookies.banner import banner_for
from chalicelib.cookies.models import (
    OPAQUE_ID_PATTERN,
    PreferenceIn,
    PreferenceOut,
    PreferencesView,
)
from chalicelib.cookies.views import notice_view, preference_out, preferences_view
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.http.routes import BEACON, JSON, Call, Operation, Reply, Routes
from chalicelib.notices.models import NoticeView
from chalicelib.services import services

_CHOICES = "/v1/sites/{site}/cookie-preferences"
_VISITOR = "/v1/sites/{site}/cookie-preferences/{visitor_id}"
_VISITOR_ID = re.compile(OPAQUE_ID_PATTERN)
_BANNER_SECONDS = 300


def _site_origins(site: str) -> frozenset[str]:
    return services().sites.get(site).record.origins


public = Routes(__name__)
pages = Routes(__name__, _site_origins)


@public.operation(
    Operation("GET", "/v1/sites/{site}/banner.js", "The site's banner", "application/javascript")
)
def banner(call: Call[None], site: str) -> Reply:
    rendered = banner_for(services().sites.get(site))
    headers = {
        "content-type": "application/javascript; charset=utf-8",
        "cache-control": f"public, max-age={_BANNER_SECONDS}, stale-while-revalidate=86400",
        "etag": rendered.etag,
        "access-control-allow-origin": "*",  # subresource integrity needs a CORS-readable script
    }
    if rendered.etag in (call.headers.get("if-none-match") or ""):
        return Reply("", 304, headers)
    return Reply(rendered.script, 200, headers)


@public.operation(
    Operation("GET", "/v1/sites/{site}/notice", "The cookie notice in force", NoticeView)
)
def notice(_call: Call[None], site: str) -> Reply:
    view = notice_view(services().sites.get(site))
    return Reply(view, headers={"access-control-allow-origin": "*"})


@pages.operation(
    Operation(
        "POST",
        _CHOICES,
        "Record a visitor's choice; the same event again answers with the same record",
        PreferenceOut,
        body=PreferenceIn,
        accepts=(JSON, BEACON),
        statuses=(201, 200),
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
    )
)
def show_choices(call: Call[None], site: str, visitor_id: str) -> Reply:
    standing = services().cookies.standing(site, _opaque(visitor_id), gpc=call.gpc)
    return Reply(preferences_view(site, visitor_id, standing, call.query, services().cursors))


@pages.operation(Operation("DELETE", _VISITOR, "Withdraw every optional choice", PreferencesView))
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

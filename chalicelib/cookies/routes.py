"""The banner and the choices made in it."""

import re
from collections.abc import Mapping
from itertools import pairwise

from chalicelib.clock import rfc3339
from chalicelib.cookies.banner import banner_for
from chalicelib.cookies.models import (
    OPAQUE_ID_PATTERN,
    PreferenceIn,
    PreferenceOut,
    PreferencesView,
    choices_out,
    preference_event,
    preference_out,
)
from chalicelib.cookies.rules import RETENTION
from chalicelib.cookies.service import Standing
from chalicelib.cookies.store import Recorded
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.http.paging import page_limit
from chalicelib.http.routes import BEACON, JSON, Call, Operation, Reply, Routes
from chalicelib.notices.models import CookieUse, NoticeView
from chalicelib.services import services
from chalicelib.tables.keys import Key

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
    published = services().sites.get(site)
    record, version = published.record, published.notice
    return Reply(
        NoticeView(
            site=site,
            version=version.version,
            published_at=rfc3339(version.published_at),
            texts={language: dict(texts) for language, texts in version.texts.items()},
            sha256=dict(version.sha256.items()),
            categories=("essential", *record.cookies),
            cookies=tuple(
                CookieUse(category=each, cookies=names, storage=record.storage.get(each, ()))
                for each, names in record.cookies.items()
            ),
            retention_days=RETENTION.days,
            policy_url=record.policy_url,
        ),
        headers={"access-control-allow-origin": "*"},
    )


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
    return Reply(_view(site, visitor_id, standing, call.query))


@pages.operation(Operation("DELETE", _VISITOR, "Withdraw every optional choice", PreferencesView))
def withdraw_choices(call: Call[None], site: str, visitor_id: str) -> Reply:
    standing = services().cookies.withdraw(
        site, _opaque(visitor_id), call.origin or "", gpc=call.gpc
    )
    return Reply(_view(site, visitor_id, standing, {}))


def _opaque(visitor_id: str) -> str:
    if not _VISITOR_ID.fullmatch(visitor_id):
        raise InvalidInput(FieldError("visitor_id", "invalid_value"))
    return visitor_id


def _view(
    site: str, visitor_id: str, standing: Standing, query: Mapping[str, str]
) -> PreferencesView:
    history, cursor = _page(f"preferences/{site}/{visitor_id}", standing.history, query)
    previous = {
        newer.preference.record_id: older.preference.record_id
        for newer, older in pairwise(standing.history)
    }
    in_force = standing.history[0].preference if standing.history else None
    return PreferencesView(
        visitor_id=visitor_id,
        state=standing.state,
        choices=choices_out(standing.choices),
        expires_at=rfc3339(in_force.expires_at) if in_force else None,
        history=tuple(
            preference_event(each.preference, each.receipt, previous.get(each.preference.record_id))
            for each in history
        ),
        cursor=cursor,
    )


def _page(
    listing: str, history: list[Recorded], query: Mapping[str, str]
) -> tuple[list[Recorded], str | None]:
    limit = page_limit(query)
    cursors = services().cursors
    if "cursor" in query:
        last = cursors.decode(listing, query["cursor"])
        # By position in time, not by the last record itself: that may have expired in between.
        history = [each for each in history if _position(each) < (last.pk, last.sk)]
    if len(history) <= limit:
        return history, None
    return history[:limit], cursors.encode(listing, Key(*_position(history[limit - 1])))


def _position(recorded: Recorded) -> tuple[str, str]:
    preference = recorded.preference
    return rfc3339(preference.effective_at), preference.record_id


pages.preflight(_CHOICES)
pages.preflight(_VISITOR)

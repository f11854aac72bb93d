"""What the API shows of the domain."""

from collections.abc import Mapping
from itertools import pairwise

from chalicelib.clock import rfc3339
from chalicelib.cookies.models import (
    RETENTION,
    Choices,
    ChoicesOut,
    Preference,
    PreferenceEvent,
    PreferenceOut,
    PreferencesView,
)
from chalicelib.cookies.service import Standing
from chalicelib.cookies.sites import Site
from chalicelib.cookies.store import Recorded
from chalicelib.http.paging import page_limit
from chalicelib.notices.models import CookieUse, NoticeView
from chalicelib.tables.cursors import Cursors
from chalicelib.tables.keys import Key


def notice_view(site: Site) -> NoticeView:
    """The notice in force with its texts, hashes and cookies."""
    record, version = site.record, site.notice
    return NoticeView(
        site=record.site_id,
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
    )


def preferences_view(
    site: str, visitor_id: str, standing: Standing, query: Mapping[str, str], cursors: Cursors
) -> PreferencesView:
    """The choice in force and the page of the history that `query` asks for.

    Raises `InvalidInput` for a bad `limit` or `cursor`.
    """
    history, cursor = _page(f"preferences/{site}/{visitor_id}", standing.history, query, cursors)
    previous = {
        newer.preference.record_id: older.preference.record_id
        for newer, older in pairwise(standing.history)
    }
    in_force = standing.history[0].preference if standing.history else None
    return PreferencesView(
        visitor_id=visitor_id,
        state=standing.state,
        choices=_choices_out(standing.choices),
        expires_at=rfc3339(in_force.expires_at) if in_force else None,
        history=tuple(
            _event(each.preference, each.receipt, previous.get(each.preference.record_id))
            for each in history
        ),
        cursor=cursor,
    )


def _page(
    listing: str, history: list[Recorded], query: Mapping[str, str], cursors: Cursors
) -> tuple[list[Recorded], str | None]:
    limit = page_limit(query)
    if "cursor" in query:
        last = cursors.decode(listing, query["cursor"])
        # By position in time, not by the last record itself: that may have expired in between.
        history = [each for each in history if _position(each) < (last.pk, last.sk)]
    if len(history) <= limit:
        return history, None
    return history[:limit], cursors.encode(listing, Key(*_position(history[limit - 1])))


def _position(recorded: Recorded) -> tuple[str, str]:
    preference = recorded.preference
    return rfc3339(preference.counts_from), preference.record_id


def _choices_out(choices: Choices) -> ChoicesOut:
    return ChoicesOut(performance=choices.performance, functional=choices.functional)


def preference_out(preference: Preference, receipt: str) -> PreferenceOut:
    """The answer to a recorded choice."""
    return PreferenceOut(
        record_id=preference.record_id,
        visitor_id=preference.visitor_id,
        choices=_choices_out(preference.choices),
        recorded_at=rfc3339(preference.recorded_at),
        expires_at=rfc3339(preference.expires_at),
        receipt=receipt,
    )


def _event(preference: Preference, receipt: str, previous_record_id: str | None) -> PreferenceEvent:
    return PreferenceEvent(
        **preference_out(preference, receipt).model_dump(),
        event_id=preference.event_id,
        action=preference.action,
        occurred_at=rfc3339(preference.occurred_at),
        notice_sha256=preference.notice_sha256,
        language=preference.language,
        gpc=preference.gpc_script or preference.gpc_header,
        source=preference.source,
        previous_record_id=previous_record_id,
    )

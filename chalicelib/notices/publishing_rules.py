"""What may be published as a version of a notice. Pure."""

from collections.abc import Sequence
from datetime import timedelta

from chalicelib.errors import FieldError, InvalidInput
from chalicelib.notices.messages import check_values
from chalicelib.notices.models import NoticeVersion

LEAST_LEAD = timedelta(days=7)
"""Between a significant change's publication and its effect: people need time to read and object,
and so does the telling. A choice of this controller; the law says "before"."""
CLOCK_TOLERANCE = timedelta(minutes=10)
_OF_SITES = "cookies-"
"""Notices of sites are published with their site (cookies/sites.py)."""


def check_texts(notice: NoticeVersion, earlier: Sequence[NoticeVersion]) -> None:
    """Raises `InvalidInput` for texts that would not tell what was shown by their hashes alone.

    A consent names the text that was shown; so one text asks for one thing, wherever it stands.
    """
    if notice.notice_id.startswith(_OF_SITES):
        raise InvalidInput(FieldError("notice_id", "of_a_site"))
    if notice.sha256["en"] == notice.sha256["id"]:
        raise InvalidInput(FieldError("texts", "same_in_both_languages"))
    check_values(notice.summary)  # mails carry it
    for each in earlier:
        shares_a_text = set(each.sha256.values()) & set(notice.sha256.values())
        if shares_a_text and _terms(each) != _terms(notice):
            raise InvalidInput(FieldError("texts", "same_text_for_other_terms"))


def check_effect(notice: NoticeVersion, earlier: Sequence[NoticeVersion]) -> None:
    """Raises `InvalidInput` for a version that would count sooner than people can know of it.

    One that takes effect before the last one never comes into force: it only says what was said.
    """
    if notice.needs_telling and notice.takes_effect_at < notice.published_at + LEAST_LEAD:
        raise InvalidInput(FieldError("effective_at", "too_soon"))
    back_dated = notice.takes_effect_at < notice.published_at - CLOCK_TOLERANCE
    if earlier and back_dated and _comes_into_force(notice, earlier):
        raise InvalidInput(FieldError("effective_at", "in_the_past"))


def check_terms(notice: NoticeVersion, earlier: Sequence[NoticeVersion]) -> None:
    """Raises `InvalidInput` where what people consented to would change, or go, without their being
    told and asked anew (UU PDP 21(2))."""
    if notice.significant or not _comes_into_force(notice, earlier):
        return
    for each in earlier:
        last = each is _last(earlier) or each.takes_effect_at > notice.published_at
        if last and any(notice.terms_sha256(one) != each.terms_sha256(one) for one in each.asks):
            raise InvalidInput(FieldError("significant", "terms_change"))


def _comes_into_force(notice: NoticeVersion, earlier: Sequence[NoticeVersion]) -> bool:
    last = _last(earlier)
    return last is None or notice.takes_effect_at >= last.takes_effect_at


def _last(earlier: Sequence[NoticeVersion]) -> NoticeVersion | None:
    return max(earlier, key=lambda each: each.takes_effect_at, default=None)


def _terms(notice: NoticeVersion) -> dict[str, str | None]:
    return {purpose: notice.terms_sha256(purpose) for purpose in notice.asks}

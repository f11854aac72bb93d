"""What a person saw when asked: from the hash of a text to what consent to it covers."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from chalicelib.clock import Clock
from chalicelib.consents.models import Shown
from chalicelib.errors import Conflict, FieldError, InvalidInput
from chalicelib.notices.directory import Directory, Edition, UnknownNotice
from chalicelib.notices.models import Language, NoticeVersion


class NoticeSuperseded(Conflict):
    """Another version of the notice is in force: whoever is asked has to see that one."""

    code = "notice_superseded"


class ShownTexts:
    """Finds what was shown."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    def ever(self, sha256: str, language: Language, purpose: str) -> Shown:
        """What a text that was published at any time asked for `purpose`. Raises `InvalidInput`."""
        try:
            shown = self._directory.shown(sha256, language)
        except UnknownNotice:
            raise InvalidInput(FieldError("notice_sha256", "unknown_notice")) from None
        return _shown(shown.notice, language, purpose)

    def check_shown_by(self, shown: Shown, occurred_at: datetime) -> None:
        """Raises `InvalidInput` when nobody can have seen the text at `occurred_at` (aware)."""
        notice = self._directory.version(shown.notice_id, shown.version)
        if occurred_at < min(notice.published_at, notice.takes_effect_at):
            raise InvalidInput(FieldError("occurred_at", "before_the_notice"))

    def now(self, sha256: str, language: Language, purpose: str) -> Shown:
        """As `ever`, for a text that is in force or will be.

        Raises `InvalidInput`, `NoticeSuperseded`.
        """
        shown = self.ever(sha256, language, purpose)
        if not self._is_current(shown):
            raise NoticeSuperseded
        return shown

    def terms_in_force(self, notice_id: str, purpose: str) -> str | None:
        """The hash of what the notice in force asks for `purpose`; None where it asks nothing."""
        try:
            return self._directory.in_force(notice_id).terms_sha256(purpose)
        except UnknownNotice:
            return None

    def version(self, notice_id: str, version: str) -> NoticeVersion:
        """A version by name. Raises `UnknownNotice`."""
        return self._directory.version(notice_id, version)

    def in_force(self, notice_id: str) -> NoticeVersion | None:
        """The version that counts now, if any."""
        try:
            return self._directory.in_force(notice_id)
        except UnknownNotice:
            return None

    def coming_terms(self, notice_id: str, purpose: str) -> set[str | None]:
        """The hashes of what versions that are still to come ask for `purpose`."""
        return {each.notice.terms_sha256(purpose) for each in self._coming(notice_id)}

    def changes_at(self, notice_id: str) -> datetime | None:
        """When the next version is known to come into force; None while none is."""
        moments = (each.counts_from for each in self._coming(notice_id) if each.counts_from)
        return min(moments, default=None)

    def _coming(self, notice_id: str, knowing: str | None = None) -> list[Edition]:
        now = self._clock.now()
        try:
            editions = self._directory.editions(notice_id, knowing)
        except UnknownNotice:
            return []
        return [each for each in editions if each.counts_from is None or each.counts_from > now]

    def _is_current(self, shown: Shown) -> bool:
        coming = [each.notice.version for each in self._coming(shown.notice_id, shown.version)]
        counting = self.in_force(shown.notice_id)
        return shown.version in {*coming, counting.version if counting else None}


def _shown(notice: NoticeVersion, language: Language, purpose: str) -> Shown:
    terms_sha256 = notice.terms_sha256(purpose)
    if terms_sha256 is None:
        raise InvalidInput(FieldError("notice_sha256", "does_not_ask_for_this"))
    asked = cast("Mapping[str, int]", notice.asks[purpose])
    return Shown(
        notice_id=notice.notice_id,
        version=notice.version,
        sha256=notice.sha256[language],
        language=language,
        pair_sha256=notice.pair_sha256,
        terms_sha256=terms_sha256,
        validity=timedelta(days=asked["validity_days"]),
    )

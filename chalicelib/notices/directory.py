"""Which version of a notice is in force, and where a text was published.

Versions never change, so they are kept in memory; what is new is looked for after a minute, and
whenever somebody names what is not known. When a version takes effect follows from the moment that
is asked about, to the millisecond.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.clock import Clock
from chalicelib.errors import NotFound
from chalicelib.notices.models import Language, NoticeVersion
from chalicelib.notices.store import NoticeStore

_CACHE_TIME = timedelta(seconds=60)
_MOST_TEXTS = 1000


class UnknownNotice(NotFound):
    """No notice, version or text of that name was ever published."""

    code = "unknown_notice"


@dataclass(frozen=True, slots=True)
class Edition:
    """A version and since when it counts; None while not everybody was told of it."""

    notice: NoticeVersion
    counts_from: datetime | None


@dataclass(frozen=True, slots=True)
class ShownText:
    """A text as somebody saw it: the version that it belongs to, and its language."""

    notice: NoticeVersion
    language: Language


class Directory:
    """The published notices."""

    def __init__(self, store: NoticeStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._editions: dict[str, tuple[datetime, list[Edition]]] = {}
        self._texts: dict[str, tuple[datetime, list[tuple[str, str, Language]]]] = {}

    def editions(self, notice_id: str) -> list[Edition]:
        """Every version in the order in which they take effect, as published up to a minute ago.

        Raises `UnknownNotice`.
        """
        return self._suiting(notice_id, lambda _: True)

    def version(self, notice_id: str, version: str) -> NoticeVersion:
        """One version. Raises `UnknownNotice`."""

        def has_it(editions: Sequence[Edition]) -> bool:
            return any(each.notice.version == version for each in editions)

        for each in self._suiting(notice_id, has_it):
            if each.notice.version == version:
                return each.notice
        raise UnknownNotice

    def in_force(self, notice_id: str) -> NoticeVersion:
        """The version that counts now. Raises `UnknownNotice` while none does."""
        counting = _counting(self.editions(notice_id), self._clock.now())
        if counting is None:
            raise UnknownNotice
        return counting

    def shown(self, sha256: str, language: Language) -> ShownText:
        """The text with this hash in `language`. Raises `UnknownNotice`.

        Where several versions have the same text, the one in force is meant, else the latest.
        """
        names = [(n, v) for n, v, spoken in self._published_as(sha256) if spoken == language]
        if not names:
            raise UnknownNotice
        notice_id = names[0][0]
        known = {version for each, version in names if each == notice_id}
        self.version(notice_id, names[0][1])  # looks again when the version is newer than the cache
        editions = [each for each in self.editions(notice_id) if each.notice.version in known]
        counting = _counting(self.editions(notice_id), self._clock.now())
        if counting is not None and counting.version in known:
            return ShownText(counting, language)
        return ShownText(editions[-1].notice, language)

    def _published_as(self, sha256: str) -> list[tuple[str, str, Language]]:
        now = self._clock.now()
        cached = self._texts.get(sha256)
        if cached and now - cached[0] < _CACHE_TIME:
            return cached[1]
        found = self._store.published_as(sha256)
        if found:  # only texts that exist are kept: made-up hashes do not fill the memory
            if len(self._texts) >= _MOST_TEXTS:
                self._texts.clear()
            self._texts[sha256] = (now, found)
        return found

    def _suiting(self, notice_id: str, suits: Callable[[Sequence[Edition]], bool]) -> list[Edition]:
        now = self._clock.now()
        cached = self._editions.get(notice_id)
        if cached and now - cached[0] < _CACHE_TIME and suits(cached[1]):
            return cached[1]
        editions = sorted(map(self._edition, self._store.versions(notice_id)), key=_order)
        if not editions:
            raise UnknownNotice
        self._editions[notice_id] = (now, editions)
        return editions

    def _edition(self, notice: NoticeVersion) -> Edition:
        if not notice.needs_telling:
            return Edition(notice, notice.takes_effect_at)
        told_at = self._store.told_at(notice)
        return Edition(notice, max(told_at, notice.takes_effect_at) if told_at else None)


def _order(edition: Edition) -> tuple[datetime, datetime, str]:
    notice = edition.notice
    return edition.counts_from or notice.takes_effect_at, notice.published_at, notice.version


def _counting(editions: Sequence[Edition], now: datetime) -> NoticeVersion | None:
    """The last of `editions` (in order) that counts at `now`."""
    counting = [each for each in editions if each.counts_from and each.counts_from <= now]
    return counting[-1].notice if counting else None

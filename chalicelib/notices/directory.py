"""Which version of a notice is in force, and where a text was published.

Versions never change, so they are kept in memory; what is new is looked for after a minute. When a
version takes effect follows from the moment that is asked about, to the millisecond.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.clock import Clock
from chalicelib.errors import NotFound
from chalicelib.notices.models import Language, NoticeVersion
from chalicelib.notices.store import NoticeStore

_CACHE_TIME = timedelta(seconds=60)
_MOST_TEXTS = 1000
_BEGINNING = datetime.min.replace(tzinfo=UTC)


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

    def editions(self, notice_id: str, knowing: str | None = None) -> list[Edition]:
        """Every version in the order in which they take effect, as published up to a minute ago.

        `knowing` is a version that exists and has to be among them. Raises `UnknownNotice`.
        """
        now = self._clock.now()
        cached = self._editions.get(notice_id)
        if cached and now - cached[0] < _CACHE_TIME:
            names = {each.notice.version for each in cached[1]}
            if knowing is None or knowing in names:
                return cached[1]
        editions = _in_turn(map(self._edition, self._store.versions(notice_id)))
        if not editions:
            raise UnknownNotice
        self._editions[notice_id] = (now, editions)
        return editions

    def forget(self, notice_id: str) -> None:
        """Drops what is remembered of the notice: whoever published sees it listed at once."""
        self._editions.pop(notice_id, None)

    def version(self, notice_id: str, version: str) -> NoticeVersion:
        """One version; one that is newer than the memory is read. Raises `UnknownNotice`."""
        _, known = self._editions.get(notice_id, (None, []))
        notice = next((each.notice for each in known if each.notice.version == version), None)
        notice = notice or self._store.version(notice_id, version)
        if notice is None:
            raise UnknownNotice
        return notice

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
        known = [self.version(notice_id, version) for each, version in names if each == notice_id]
        newest = max(known, key=lambda each: each.published_at)
        counting = _counting(self.editions(notice_id, newest.version), self._clock.now())
        meant = next(
            (each for each in known if counting and each.version == counting.version), None
        )
        return ShownText(meant or newest, language)

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

    def _edition(self, notice: NoticeVersion) -> Edition:
        if not notice.needs_telling:
            return Edition(notice, notice.takes_effect_at)
        told_at = self._store.told_at(notice)
        return Edition(notice, max(told_at, notice.takes_effect_at) if told_at else None)


def _in_turn(editions: Iterable[Edition]) -> list[Edition]:
    """`editions` in order, none counting before those that it follows: a small change on top of a
    significant one would bring that into force though not everybody was told of it."""
    ordered: list[Edition] = []
    waits, latest = False, _BEGINNING
    for edition in sorted(editions, key=_order):
        waits = waits or edition.counts_from is None
        latest = max(latest, edition.counts_from or latest)
        ordered.append(Edition(edition.notice, None if waits else latest))
    return ordered


def _order(edition: Edition) -> tuple[datetime, datetime, str]:
    # By the day for which each was published: one whose telling was late never takes the place of
    # another that was to follow it.
    notice = edition.notice
    return notice.takes_effect_at, notice.published_at, notice.version


def _counting(editions: Sequence[Edition], now: datetime) -> NoticeVersion | None:
    """The last of `editions` (in order) that counts at `now`."""
    counting = [each for each in editions if each.counts_from and each.counts_from <= now]
    return counting[-1].notice if counting else None

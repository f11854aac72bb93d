"""Sites: where a banner stands, from which origins it may speak, and what it shows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from chalicelib.audit.entry import Actor, Entity
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock
from chalicelib.cookies.site_store import SiteRecord, SiteStore
from chalicelib.errors import FieldError, InvalidInput, NotFound
from chalicelib.notices.models import Language, NoticeVersion
from chalicelib.notices.service import Notices
from chalicelib.tables.transactions import Action, RunCommand

_CACHE_TIME = timedelta(seconds=60)


class UnknownSite(NotFound):
    """No site of that name is published."""

    code = "unknown_site"


@dataclass(frozen=True)
class Site:
    """A published site with every notice version that its visitors may have seen."""

    record: SiteRecord
    notices: Sequence[NoticeVersion]

    @cached_property
    def notice(self) -> NoticeVersion:
        """The version in force."""
        return next(each for each in self.notices if each.version == self.record.notice_version)

    @cached_property
    def _languages(self) -> Mapping[str, frozenset[Language]]:
        found: dict[str, frozenset[Language]] = {}
        for version in self.notices:
            for language, sha256 in version.sha256.items():
                found[sha256] = found.get(sha256, frozenset()) | {language}
        return found

    def showed(self, sha256: str, language: Language) -> bool:
        """Whether `sha256` is a text that this site showed in `language`, now or ever."""
        return language in self._languages.get(sha256, ())


class Sites:
    """The directory of sites, read through a short cache, so that hot calls read nothing.

    Nobody is refused on the word of the cache: what it does not know (a site, an origin, a notice
    published a moment ago through another container) is looked up again first. Only sites that
    exist are kept, so made-up names neither fill the memory nor push a real site out.
    """

    def __init__(
        self,
        store: SiteStore,
        notices: Notices,
        trail: Trail,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._notices = notices
        self._trail = trail
        self._clock = clock
        self._run_command = run_command
        self._cache: dict[str, tuple[datetime, Site]] = {}

    def get(self, site_id: str) -> Site:
        """The site, as published up to a minute ago. Raises `UnknownSite`."""
        return self._suiting(site_id, lambda _: True)

    def allows(self, site_id: str, origin: str) -> bool:
        """Whether pages of `origin` may speak for the site. Raises `UnknownSite`."""

        def names_it(site: Site) -> bool:
            return origin in site.record.origins

        return names_it(self._suiting(site_id, names_it))

    def check_notice(self, site_id: str, sha256: str, language: Language) -> None:
        """Raises `InvalidInput` unless the site ever showed that text; `UnknownSite`."""

        def showed_it(site: Site) -> bool:
            return site.showed(sha256, language)

        if not showed_it(self._suiting(site_id, showed_it)):
            raise InvalidInput(FieldError("notice_sha256", "unknown_notice"))

    def _suiting(self, site_id: str, suits: Callable[[Site], bool]) -> Site:
        """The cached site if it is fresh and `suits`, else the one that is stored now."""
        now = self._clock.now()
        cached = self._cache.get(site_id)
        if cached and now - cached[0] < _CACHE_TIME and suits(cached[1]):
            return cached[1]
        site = self._load(site_id)
        if site is None:
            self._cache.pop(site_id, None)
            raise UnknownSite
        self._cache[site_id] = (now, site)
        return site

    def publish(self, record: SiteRecord, notice: NoticeVersion, actor: Actor) -> None:
        """Makes `record` and its `notice` the ones in force; repeating it changes nothing.

        One transaction: the site under its revision, the notice if new, the audit entry. Raises
        `AlreadyPublished` when the version exists with other texts.
        """

        def build() -> list[Action]:
            stored = self._store.get(record.site_id)
            published = self._notices.published(notice.notice_id)
            known = any(
                each.version == notice.version and each.sha256 == notice.sha256
                for each in published
            )
            return [
                self._store.put_action(record, replaces=stored),
                *([] if known else self._notices.publication(notice)),
                *self._trail.actions(
                    Entity("site", record.site_id),
                    actor,
                    "site.published",
                    {"notice_version": notice.version, **_hash_facts(notice)},
                ),
            ]

        if not self._is_in_force(record, notice):
            self._run_command(build)
            self._cache.pop(record.site_id, None)

    def _is_in_force(self, record: SiteRecord, notice: NoticeVersion) -> bool:
        stored = self._load(record.site_id)
        return (
            stored is not None
            and stored.record.same_content(record)
            and stored.notice.sha256 == notice.sha256
        )

    def _load(self, site_id: str) -> Site | None:
        record = self._store.get(site_id)
        if record is None:
            return None
        return Site(record, self._notices.published(record.notice_id))


def _hash_facts(notice: NoticeVersion) -> dict[str, str]:
    return {f"sha256_{language}": digest for language, digest in notice.sha256.items()}

"""The services of anonymous visitors."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.cookies.service import CookiePreferences
from chalicelib.cookies.site_store import SiteStore
from chalicelib.cookies.sites import Sites
from chalicelib.cookies.store import PreferenceStore
from chalicelib.notices.service import Notices
from chalicelib.notices.store import NoticeStore
from chalicelib.services.own import OwnServices

if TYPE_CHECKING:
    from datetime import date

    from chalicelib.tables.transactions import Action


class CookieServices(OwnServices):
    """Notices, sites and the choices made on them."""

    @cached_property
    def notices(self) -> Notices:
        return Notices(self._notice_store)

    @cached_property
    def _notice_store(self) -> NoticeStore:
        return NoticeStore(self.records)

    @cached_property
    def sites(self) -> Sites:
        return Sites(
            SiteStore(self.records), self.notices, self.trail, self.clock, self.run_command
        )

    @cached_property
    def cookies(self) -> CookiePreferences:
        store = PreferenceStore(self.preferences, self.vault, self._day_begins)
        return CookiePreferences(self.sites, store, self.clock, self.ids)

    def _day_begins(self, site: str, day: "date") -> "list[Action]":
        # Once a day: no other choice has what retention needs imported.
        return self.keeping.day_begun(site, day)

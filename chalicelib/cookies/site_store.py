"""Sites in the `records` table: pk `SITE#<site id>`, sk `SITE`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import cast

from chalicelib.cookies.models import SITE_ID_PATTERN
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Moved, Put

SITE = Schema("site")
_SITE_ID = re.compile(SITE_ID_PATTERN)
# An origin as browsers send it (RFC 6454): no path, no user, lower case. Unencrypted only on the
# machine itself. The length keeps a preference, which names its origin, under one kilobyte.
_ORIGIN = re.compile(r"https://[a-z0-9.-]+(:\d{1,5})?|http://(localhost|127\.0\.0\.1)(:\d{1,5})?")
_LONGEST_ORIGIN = 100

type CookieNames = Mapping[str, tuple[str, ...]]


class InvalidSite(InvalidInput):
    """An id, origin, address or pattern that no site may have."""

    code = "invalid_site"


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """What its owner configures. `cookies` and `storage` are cleared when a category is refused.

    Raises `InvalidSite`.
    """

    site_id: str
    origins: frozenset[str]
    policy_url: str
    notice_version: str
    cookies: CookieNames
    storage: CookieNames
    revision: int = 0

    def __post_init__(self) -> None:
        if not _SITE_ID.fullmatch(self.site_id):
            raise InvalidSite(FieldError("site_id", "wrong_format"))
        if not all(map(_is_origin, self.origins)):
            raise InvalidSite(FieldError("origins", "wrong_format"))
        if not self.policy_url.startswith("https://"):
            raise InvalidSite(FieldError("policy_url", "wrong_format"))
        if not all(map(_is_clearable, chain(*self.cookies.values(), *self.storage.values()))):
            raise InvalidSite(FieldError("cookies", "wrong_format"))

    @property
    def notice_id(self) -> str:
        return f"cookies-{self.site_id}"

    def same_content(self, other: "SiteRecord") -> bool:
        """Whether both differ in nothing but their revision."""
        return self == replace(other, revision=self.revision)


class SiteStore:
    """Reads and writes sites."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def get(self, site_id: str) -> SiteRecord | None:
        """The site as last published, or None; also for an id that cannot be one."""
        if not _SITE_ID.fullmatch(site_id):
            return None
        item = self._records.get(_key(site_id), consistent=True)
        return None if item is None else _record_from(site_id, SITE.lift(item))

    def put_action(self, record: SiteRecord, *, replaces: SiteRecord | None) -> Put:
        """The write of `record` over `replaces`; `Moved` when somebody published in between."""
        item = SITE.stamp(
            {
                "pk": _key(record.site_id).pk,
                "sk": _key(record.site_id).sk,
                "rev": replaces.revision + 1 if replaces else 1,
                "origins": [*sorted(record.origins)],
                "policy_url": record.policy_url,
                "notice_version": record.notice_version,
                "cookies": {name: list(values) for name, values in record.cookies.items()},
                "storage": {name: list(values) for name, values in record.storage.items()},
            }
        )
        condition = revision_is(replaces.revision) if replaces else ABSENT
        return Put(self._records, item, condition, Moved)


def _is_origin(text: str) -> bool:
    return len(text) <= _LONGEST_ORIGIN and _ORIGIN.fullmatch(text) is not None


def _is_clearable(pattern: str) -> bool:
    # Neither everything nor what the banner itself keeps: the choice and the outbox.
    name = pattern.rstrip("*")
    return bool(name) and not "jaga:".startswith(name) and not name.startswith("jaga:")


def _key(site_id: str) -> Key:
    return Key(compose("SITE", site_id), "SITE")


def _record_from(site_id: str, item: Item) -> SiteRecord:
    return SiteRecord(
        site_id=site_id,
        origins=frozenset(cast("list[str]", item["origins"])),
        policy_url=cast("str", item["policy_url"]),
        notice_version=cast("str", item["notice_version"]),
        cookies=_names(item["cookies"]),
        storage=_names(item["storage"]),
        revision=cast("int", item["rev"]),
    )


def _names(value: object) -> CookieNames:
    return {name: tuple(values) for name, values in cast("dict[str, list[str]]", value).items()}

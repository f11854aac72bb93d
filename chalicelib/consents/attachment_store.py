"""Browsers whose cookie choices a person attached to themselves, in the `records` table.

    pk      BROWSERS#<subject id>
    sk      BROWSER#<attachment id>
    et, v   item type and schema version
    site    the site that the choice is for
    sealed  under the person's key: the visitor id

The attachment's id is a MAC of person, site and visitor: to attach twice is to attach once, and
nobody who reads the table learns which browser is whose.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, PRESENT
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Delete, Moved, Put
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

ATTACHED_BROWSER = Schema("attached_browser")
_BROWSER = "BROWSER"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A browser of the person, by the visitor id that it has on a site."""

    id: str
    site: str
    visitor_id: str


class AttachmentStore:
    """Reads attachments; makes the writes of them."""

    def __init__(self, records: Table, vault: Vault, mac_key: Callable[[], bytes]) -> None:
        self._records = records
        self._vault = vault
        self._mac_key = mac_key

    def id_of(self, subject_id: str, site: str, visitor_id: str) -> str:
        """The id of an attachment, there or not."""
        told = json.dumps([subject_id, site, visitor_id]).encode()
        return hmac.digest(self._mac_key(), told, hashlib.sha256).hex()[:32]

    def of(self, subject_id: str) -> list[Attachment]:
        """All attachments of the person, read consistently. Raises `KeyDestroyed`."""
        return [self._opened(subject_id, item) for item in self._items(subject_id)]

    def addition(self, subject_id: str, attachment: Attachment) -> list[Action]:
        """The writes of a new attachment. They meet `Moved` when it is there already, and
        `KeyDestroyed` when the person was erased."""
        key, scope = _key(subject_id, attachment.id), Scope.person(subject_id)
        item: Item = {"pk": key.pk, "sk": key.sk, "site": attachment.site}
        item = ATTACHED_BROWSER.stamp(item)
        context = SealContext.of(self._records.logical, item)
        item["sealed"] = self._vault.seal(scope, context, attachment.visitor_id.encode())
        return [Put(self._records, item, ABSENT, Moved), self._vault.still_there(scope)]

    def removal(self, subject_id: str, attachment_id: str) -> Action:
        """The delete. It meets `Moved` when it is gone already."""
        return Delete(self._records, _key(subject_id, attachment_id), PRESENT, Moved)

    def removals(self, subject_id: str) -> list[Action]:
        """The deletes of all attachments of a person who was erased."""
        keys = (Key(str(item["pk"]), str(item["sk"])) for item in self._items(subject_id))
        return [Delete(self._records, key) for key in keys]

    def _items(self, subject_id: str) -> list[Item]:
        return self._records.query(_partition(subject_id), consistent=True).items

    def _opened(self, subject_id: str, item: Item) -> Attachment:
        item = ATTACHED_BROWSER.lift(item)
        context = SealContext.of(self._records.logical, item)
        sealed = cast("bytes", item["sealed"])
        visitor_id = self._vault.open(Scope.person(subject_id), context, sealed).decode()
        attachment_id = str(item["sk"]).partition(SEPARATOR)[2]
        return Attachment(attachment_id, str(item["site"]), visitor_id)


def _key(subject_id: str, attachment_id: str) -> Key:
    return Key(_partition(subject_id), compose(_BROWSER, attachment_id))


def _partition(subject_id: str) -> str:
    return compose("BROWSERS", subject_id)

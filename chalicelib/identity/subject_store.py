"""Data subjects in the `records` table.

    pk ADDRESS#<blind index>  sk SUBJECT  subject: the id; so that an address, or the platform's own
                                          id of a user, leads to its person
    pk SUBJECT#<subject id>   sk PROFILE  sealed under the person's key: address, language, since

Destroying the person's key leaves an id that means nobody.
"""

import json
from collections.abc import Iterable
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.identity.models import Subject
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

PROFILE = Schema("subject_profile")
ADDRESS = Schema("subject_address")


class SubjectStore:
    """Finds and adds subjects. Addresses come as blind indexes."""

    def __init__(self, records: Table, vault: Vault) -> None:
        self._records = records
        self._vault = vault

    def id_of(self, addresses: Iterable[str]) -> str | None:
        """The id of the subject with this address, given as all its blind indexes that count.

        One consistent read each, until one is found.
        """
        for address in addresses:
            if item := self._records.get(_address_key(address), consistent=True):
                return str(ADDRESS.lift(item)["subject"])
        return None

    def get(self, subject_id: str) -> Subject | None:
        """The subject, or None. Raises `KeyDestroyed` when it was erased."""
        item = self._records.get(_profile_key(subject_id))
        if item is None:
            return None
        item = PROFILE.lift(item)
        sealed = cast("bytes", item["sealed"])
        context = SealContext.of(self._records.logical, item)
        profile = json.loads(self._vault.open(Scope.person(subject_id), context, sealed))
        return Subject(
            subject_id, profile["email"], profile["language"], from_millis(profile["since"])
        )

    def link_actions(self, addresses: Iterable[str], subject_id: str) -> list[Action]:
        """The writes that let `addresses`, which lead to nobody yet, lead to the subject.

        They fail with `Moved` when somebody proved the same address first: then that one counts.
        """
        items = ({**_item(_address_key(each)), "subject": subject_id} for each in addresses)
        return [Put(self._records, ADDRESS.stamp(item), ABSENT, Moved) for item in items]

    def add_actions(self, addresses: Iterable[str], subject: Subject) -> list[Action]:
        """The writes of a new subject under its addresses. They fail as `link_actions` do."""
        scope = Scope.person(subject.subject_id)
        profile = PROFILE.stamp(_item(_profile_key(subject.subject_id)))
        profile["sealed"] = self._vault.seal(
            scope, SealContext.of(self._records.logical, profile), _confidential(subject)
        )
        return [
            *self.link_actions(addresses, subject.subject_id),
            Put(self._records, profile, ABSENT, Moved),
            self._vault.still_there(scope),
        ]


def _confidential(subject: Subject) -> bytes:
    profile = {
        "email": subject.email,
        "language": subject.language,
        "since": to_millis(subject.since),
    }
    return json.dumps(profile, separators=(",", ":")).encode()


def _item(key: Key) -> Item:
    return {"pk": key.pk, "sk": key.sk}


def _address_key(address: str) -> Key:
    return Key(compose("ADDRESS", address), "SUBJECT")


def _profile_key(subject_id: str) -> Key:
    return Key(compose("SUBJECT", subject_id), "PROFILE")

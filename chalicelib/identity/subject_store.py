"""Data subjects in the `records` table.

    pk ADDRESS#<blind index>  sk SUBJECT  subject: the id; so that an address, or the platform's own
                                          id of a user, leads to its person
    pk SUBJECT#<subject id>   sk PROFILE  sealed under the person's key: address, language, since;
                                          due_pk ROLL#<last character of the id>, due_sk its id:
                                          so everybody is found, one part of the roll after another
    pk SUBJECT#<subject id>   sk KNOWN_AS#<blind index>  the other way round, for the erasure

Destroying the person's key leaves an id that means nobody.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.errors import Conflict
from chalicelib.identity.models import Subject
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, Condition
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Delete, Moved, Put
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

PROFILE = Schema("subject_profile")
ADDRESS = Schema("subject_address")
KNOWN_AS = Schema("subject_known_as")
_ALIAS = "KNOWN_AS"
MOST_AT_ONCE = 50
"""Names that one transaction forgets."""
_MOST_WITH_THE_KEY = 20  # beside all that ends a request, partners told of it among that


class NameTaken(Conflict):
    """The name leads to somebody else by now."""

    code = "name_taken"


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
        return _subject(subject_id, self._vault.open(Scope.person(subject_id), context, sealed))

    def on_roll(self, part: str, after: str, limit: int) -> list[str]:
        """Up to `limit` ids of the roll's `part` (the last character of an id) that come `after`.

        Half a read unit for some forty of them. The index lags by moments.
        """
        keys = self._records.due_after(_roll(part), after or " ", limit)
        return [key.pk.partition(SEPARATOR)[2] for key in keys]

    def many(self, subject_ids: Iterable[str]) -> dict[str, Subject]:
        """The subjects with these ids that were not erased: one batch read, one more for keys."""
        keys = {_profile_key(each): each for each in subject_ids}
        items = {
            keys[key]: PROFILE.lift(item) for key, item in self._records.batch_get(keys).items()
        }
        opened = self._vault.open_many(
            [
                (
                    Scope.person(each),
                    SealContext.of(self._records.logical, item),
                    cast("bytes", item["sealed"]),
                )
                for each, item in items.items()
            ]
        )
        return {
            each: _subject(each, plaintext)
            for each, plaintext in zip(items, opened, strict=True)
            if plaintext is not None
        }

    def link_actions(self, addresses: Iterable[str], subject_id: str) -> list[Action]:
        """The writes that let `addresses`, which lead to nobody yet, lead to the subject.

        They fail with `Moved` when somebody proved the same address first: then that one counts.
        """
        addresses = list(addresses)
        items = ({**_item(_address_key(each)), "subject": subject_id} for each in addresses)
        aliases = (_item(_alias_key(subject_id, each)) for each in addresses)
        return [
            *(Put(self._records, ADDRESS.stamp(item), ABSENT, Moved) for item in items),
            *(Put(self._records, KNOWN_AS.stamp(item)) for item in aliases),
        ]

    def known_as(self, subject_id: str) -> Iterator[str]:
        """The blind indexes that lead to the subject, or led to it until it was erased."""
        first = f"{_ALIAS}{SEPARATOR}"
        partition = compose("SUBJECT", subject_id)
        for item in self._records.query_all(partition, sk_from=first, consistent=True):
            if not str(item["sk"]).startswith(first):
                return
            yield str(item["sk"]).partition(SEPARATOR)[2]

    def add_actions(self, addresses: Iterable[str], subject: Subject) -> list[Action]:
        """The writes of a new subject under its addresses. They fail as `link_actions` do."""
        scope = Scope.person(subject.subject_id)
        profile = PROFILE.stamp(_item(_profile_key(subject.subject_id)))
        profile |= {"due_pk": _roll(subject.subject_id[-1]), "due_sk": subject.subject_id}
        profile["sealed"] = self._vault.seal(
            scope, SealContext.of(self._records.logical, profile), _confidential(subject)
        )
        return [
            *self.link_actions(addresses, subject.subject_id),
            Put(self._records, profile, ABSENT, Moved),
            self._vault.still_there(scope),
        ]

    def still_there(self, subject_id: str) -> Action:
        """A check for a transaction: `KeyDestroyed` if the person was erased."""
        return self._vault.still_there(Scope.person(subject_id))

    def erase_actions(self, subject_id: str, addresses: Collection[str]) -> list[Action]:
        """The writes that leave nothing of the subject but an id that means nobody.

        `addresses` are the blind indexes of its address; with those, as many names as fit lead to
        nobody. The names themselves stay, to find what else is to go: `unlink_action` and
        `forget_names_actions` take the rest. They fail with `KeyDestroyed` when it was erased
        before. Call `forget` after they went through.
        """
        known = list(self.known_as(subject_id))
        names = [*addresses, *(each for each in known if each not in addresses)]
        missing = (_item(_alias_key(subject_id, each)) for each in addresses if each not in known)
        return [
            *self._vault.destroy_actions(Scope.person(subject_id), "erasure"),
            Delete(self._records, _profile_key(subject_id)),
            *(Delete(self._records, _address_key(each)) for each in names[:_MOST_WITH_THE_KEY]),
            *(Put(self._records, KNOWN_AS.stamp(item)) for item in missing),
        ]

    def erased_again_actions(self, subject_id: str, at: datetime) -> list[Action]:
        """The writes that make it true again after a restore that the subject was erased at `at`
        (aware). Its names stay, as with `erase_actions`. May be repeated."""
        return [
            *self._vault.destroyed_again_actions(Scope.person(subject_id), at),
            Delete(self._records, _profile_key(subject_id)),
        ]

    def unlink_action(self, subject_id: str, name: str) -> Action:
        """The write that lets `name` lead to the subject no more; it fails with `NameTaken`."""
        # Whoever proved the same name meanwhile is somebody else, and stays.
        own = Condition(
            "attribute_not_exists(pk) OR #subject = :subject",
            {"#subject": "subject"},
            {":subject": subject_id},
        )
        return Delete(self._records, _address_key(name), own, NameTaken)

    def forget_names_actions(self, subject_id: str, names: Iterable[str]) -> list[Action]:
        """The writes that forget what the subject was known by."""
        return [Delete(self._records, _alias_key(subject_id, each)) for each in names]

    def is_there(self, subject_id: str) -> bool:
        """Whether the subject is there and was not erased, read consistently."""
        return self._records.get(_profile_key(subject_id), consistent=True) is not None

    def forget(self, subject_id: str) -> None:
        """Drops the person's key from this container's memory."""
        self._vault.forget(Scope.person(subject_id))


def _subject(subject_id: str, plaintext: bytes) -> Subject:
    profile = json.loads(plaintext)
    return Subject(subject_id, profile["email"], profile["language"], from_millis(profile["since"]))


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


def _roll(part: str) -> str:
    return compose("ROLL", part)


def _alias_key(subject_id: str, address: str) -> Key:
    return Key(compose("SUBJECT", subject_id), compose(_ALIAS, address))


def _profile_key(subject_id: str) -> Key:
    return Key(compose("SUBJECT", subject_id), "PROFILE")

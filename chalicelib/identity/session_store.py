"""Sessions in the `records` table, found by the hash of their token.

    pk       SESSION#<SHA-256 of the token, hex>
    sk       SESSION
    subject  whose it is
    purpose  what it is good for
    expires  when it ends, in milliseconds

What ended is deleted by the schedule (retention/own/). Items of former versions have a `ttl` beside
it, by which DynamoDB deletes them.

A token has 256 random bits: a plain hash of it cannot be tried out, and since it is looked up by
that hash there is no comparison whose time could tell anything.
"""

import hashlib
import secrets

from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.identity.errors import SessionUnknown
from chalicelib.identity.models import Session
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, PRESENT
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Delete, Put

SESSION = Schema("session")
_PREFIX = "jgs_"  # so that scanners of leaked secrets can tell what they found


def new_token() -> str:
    """A token of 256 random bits."""
    return _PREFIX + secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What the session of `token` is found by: SHA-256, hex."""
    return hashlib.sha256(token.encode()).hexdigest()


class SessionStore:
    """Adds, finds and ends sessions by their tokens."""

    def __init__(self, records: Table, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def add_action(self, token: str, session: Session) -> Put:
        """The write of a new session. ABSENT: a token is never given twice."""
        key = _key(hash_of(token))
        item: Item = {
            "pk": key.pk,
            "sk": key.sk,
            "subject": session.subject_id,
            "purpose": session.purpose,
            "expires": to_millis(session.expires_at),
        }
        return Put(self._records, SESSION.stamp(item), ABSENT)

    def find(self, token: str) -> Session | None:
        """The session behind `token`, unless it ended; one consistent read, so an end is obeyed."""
        item = self._records.get(_key(hash_of(token)), consistent=True)
        if item is None:
            return None
        match SESSION.lift(item):
            case {"subject": str(subject), "purpose": str(purpose), "expires": int(expires)}:
                session = Session(subject, purpose, from_millis(expires))
                return session if self._clock.now() < session.expires_at else None
        raise UnreadableItem(SESSION.item_type)

    def end_action(self, token: str) -> Delete:
        """The write that ends a session. PRESENT: of two ends one is recorded."""
        return Delete(self._records, _key(hash_of(token)), PRESENT, SessionUnknown)

    def removal(self, hashed: str) -> Delete:
        """The delete of the session found by `hashed`, there or not."""
        return Delete(self._records, _key(hashed))


def _key(hashed: str) -> Key:
    return Key(compose("SESSION", hashed), "SESSION")

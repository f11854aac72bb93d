"""Key material, which never shows itself, and the scopes that data keys belong to."""

from dataclasses import dataclass
from datetime import date
from typing import NoReturn

KEY_BYTES = 32
_CHANNELS = {"mail", "webhook"}


class SecretKey:
    """32 secret bytes. Neither `repr` nor `str` nor a traceback shows them; no pickle, no copy.

    Python cannot wipe memory: a key lives until the last reference goes. Hence the short-lived
    cache (`cache.py`) and no second home for the bytes. A plain class on purpose: whatever turns
    dataclasses into dictionaries (`asdict`, JSON encoders of loggers) finds nothing here.
    """

    __slots__ = ("material",)

    def __init__(self, material: bytes) -> None:
        """`ValueError` unless `material` is 32 bytes."""
        if len(material) != KEY_BYTES:
            raise ValueError("a key has 32 bytes")
        self.material = material

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, hidden>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is neither pickled nor copied")


class DataKey(SecretKey):
    """Seals the items of one scope. Stored only wrapped under a branch key."""

    __slots__ = ()


class BranchKey(SecretKey):
    """Wraps data keys. Stored only wrapped by KMS."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """What lives and dies with one data key. `value` is stored in clear: opaque ids, no names.

    A scope has at most one key in its life: once destroyed, it gets no second one. `purpose`
    names the branch keys that wrap it.
    """

    purpose: str
    value: str

    @classmethod
    def parse(cls, value: str) -> "Scope":
        """The scope of this `value`. `ValueError` for what is none."""
        purpose, *parts = value.split("/")
        if not parts:
            raise ValueError("a scope has a purpose and parts")
        return _scope(purpose, *parts)

    @classmethod
    def person(cls, subject_id: str) -> "Scope":
        """Everything about one data subject."""
        return _scope("person", subject_id)

    @classmethod
    def request(cls, request_id: str) -> "Scope":
        """What one request says, before and after it is known whose it is."""
        return _scope("request", request_id)

    @classmethod
    def visitors(cls, site: str, day: date) -> "Scope":
        """The cookie choices of one site's anonymous visitors on one day (UTC)."""
        return _scope("visitors", site, f"{day:%Y-%m-%d}")

    @classmethod
    def messages(cls, channel: str, day: date) -> "Scope":
        """What was put into the outbox for `channel` (mail, webhook) on one day (UTC).

        A purpose each: whoever talks to third parties opens no mail. `ValueError` for others.
        """
        if channel not in _CHANNELS:
            raise ValueError("there is no such channel")
        return _scope(f"{channel}-messages", f"{day:%Y-%m-%d}")

    @classmethod
    def endpoint(cls, endpoint_id: str) -> "Scope":
        """Where one webhook endpoint is, and the secrets that it shares with us."""
        return _scope("endpoint", endpoint_id)

    @classmethod
    def import_(cls, import_id: str) -> "Scope":
        """The rows of one import of consents, until they are applied."""
        return _scope("import", import_id)

    @classmethod
    def holdings(cls, client: str) -> "Scope":
        """What names a client's records at their places (chalicelib/retention/records)."""
        return _scope("holdings", client)

    @classmethod
    def archive(cls, record_id: str) -> "Scope":
        """The archived copies of one record (chalicelib/retention/archiving)."""
        return _scope("archive", record_id)

    @classmethod
    def hold(cls, hold_id: str) -> "Scope":
        """Why one legal hold was placed and released; it outlives whomever it is on."""
        return _scope("hold", hold_id)

    @classmethod
    def incident(cls, incident_id: str) -> "Scope":
        """What is known and decided of one incident, and what proves it."""
        return _scope("incident", incident_id)

    @classmethod
    def handler(cls, incident_id: str) -> "Scope":
        """Whom alarms about one incident go to first: whoever sends them opens nothing else."""
        return _scope("handler", incident_id)

    @classmethod
    def breach_notice(cls, notice_id: str) -> "Scope":
        """The texts of one notice of an incident, for whoever sends them (incidents/notices)."""
        return _scope("breach-notice", notice_id)

    @classmethod
    def finding(cls, key: str) -> "Scope":
        """What a service of AWS says of one finding, in its own words."""
        return _scope("finding", key)

    @classmethod
    def affected(cls, incident_id: str) -> "Scope":
        """Who was affected by one incident (chalicelib/incidents/affected)."""
        return _scope("affected", incident_id)

    @classmethod
    def mac(cls, name: str, version: int) -> "Scope":
        """A key that authenticates rather than seals: blind index, cursors, receipts."""
        return _scope("mac", name, f"v{version}")


def _scope(purpose: str, *parts: str) -> Scope:
    for part in parts:
        if not part or not part.isascii() or "/" in part or "#" in part:
            raise ValueError(f"a part of a {purpose} scope is empty or holds a separator")
    return Scope(purpose, "/".join((purpose, *parts)))

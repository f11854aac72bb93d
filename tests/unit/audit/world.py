"""A small world for the trail: tables and bucket in moto, a local key instead of KMS."""

import base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import batched
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from chalicelib.audit.bundle import Bundle
from chalicelib.audit.checkpoint import Checkpoints, Report
from chalicelib.audit.collector import Collector
from chalicelib.audit.digests import DigestBook
from chalicelib.audit.entry import Actor, Entity
from chalicelib.audit.export import Exporter
from chalicelib.audit.jws import PublicKey
from chalicelib.audit.pointer import Pointer
from chalicelib.audit.trail import Trail
from chalicelib.services import Services
from chalicelib.settings import Settings
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import transact
from tests.contract.moto_tables import SESSION, Tables, moto_tables
from tests.fakes import MAIL, POOLS, FixedClock, SequentialIds

SYSTEM = Actor("system", "watcher")
PLENTY = 300_000  # ms
SHORT = 3 * 60 * 60 * 1000  # ms


class LocalSigner:
    """ES256 with a key in memory."""

    def __init__(self, kid: str = "key-1") -> None:
        self.kid = kid
        self._key: EllipticCurvePrivateKey = generate_private_key(SECP256R1())

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self._key.sign(message, ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    def jwk(self) -> dict[str, Any]:
        numbers = self._key.public_key().public_numbers()
        return {
            "kty": "EC",
            "crv": "P-256",
            "kid": self.kid,
            "x": _base64url(numbers.x.to_bytes(32)),
            "y": _base64url(numbers.y.to_bytes(32)),
        }

    @property
    def public(self) -> PublicKey:
        return PublicKey.from_jwk(self.jwk())


class Crash(Exception):
    """The process dies here."""


class Fragile:
    """A client that works, or dies before (`after=False`) or after its nth write."""

    def __init__(self, client: Any, writes: "Countdown") -> None:
        self._client = client
        self._writes = writes
        self.exceptions = client.exceptions

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name not in {"put_object", "put_item", "transact_write_items"}:
            return call

        def write(**parameters: Any) -> Any:
            self._writes.step(before=True)
            answer = call(**parameters)
            self._writes.step(before=False)
            return answer

        return write


@dataclass(slots=True)
class Countdown:
    """Counts moments before and after writes, and dies at the chosen one."""

    die_at: int | None = None
    passed: int = 0

    def step(self, *, before: bool) -> None:
        self.passed += 1
        if self.passed == self.die_at:
            raise Crash("before" if before else "after")


@dataclass(slots=True)
class World:
    """The trail's parts, wired."""

    tables: Tables
    clock: FixedClock = field(default_factory=FixedClock)
    ids: SequentialIds = field(default_factory=SequentialIds)
    signer: LocalSigner = field(default_factory=LocalSigner)

    @property
    def trail(self) -> Trail:
        return Trail(self.tables.records, self.tables.audit, self.clock, self.ids)

    @property
    def book(self) -> DigestBook:
        return DigestBook(self.tables.audit)

    def append(self, entity: str, action: str = "request.noted", **facts: str | int) -> None:
        """One entry, and a second passes."""
        actions = self.trail.actions(Entity.parse(entity), SYSTEM, action, facts)
        transact(self.tables.records.client, actions)
        self.clock.advance(timedelta(seconds=1))

    def append_to_each(self, entities: Iterable[str]) -> None:
        """One entry for each of many chains, fifty to a transaction, at the same moment."""
        for some in batched(entities, 50, strict=False):
            actions = [
                action
                for entity in some
                for action in self.trail.actions(Entity.parse(entity), SYSTEM, "request.noted", {})
            ]
            transact(self.tables.records.client, actions)
        self.clock.advance(timedelta(seconds=1))

    def checkpoints(self, writes: Countdown | None = None) -> Checkpoints:
        countdown = writes or Countdown()
        records = self.tables.records
        fragile = Table(
            cast("Any", Fragile(records.client, countdown)), records.logical, records.name
        )
        return Checkpoints(
            Collector(fragile, self.tables.audit),
            Pointer(fragile),
            cast("Any", Fragile(self.tables.s3, countdown)),
            self.tables.bucket,
            self.signer,
            self.clock,
            first_lookback=SHORT,
        )

    def checkpoint(self) -> Report:
        """One whole run."""
        return self.checkpoints().run(lambda: PLENTY)

    def export(self, *entities: str) -> Bundle:
        exporter = Exporter(
            self.tables.records, self.tables.audit, self.tables.s3, self.tables.bucket, self.clock
        )
        chosen = [Entity.parse(entity) for entity in entities] or None
        return exporter.export([self.signer.jwk()], chosen)

    def services(self) -> Services:
        """The composition root over these tables."""
        tables = self.tables
        settings = Settings(
            stage="test",
            records_table=tables.records.name,
            preferences_table=tables.preferences.name,
            audit_table=tables.audit.name,
            keys_table=tables.keys.name,
            vault_key_id="unused",
            signing_key_id="unused",
            receipt_key_id="unused",
            trail_bucket=tables.bucket,
            exports_bucket="unused",
            archive_bucket="unused",
            **POOLS,
            **MAIL,
        )
        return Services(settings, clock=self.clock, ids=self.ids, create_client=SESSION.client)

    def objects(self) -> list[str]:
        """The bucket's names."""
        listed = self.tables.s3.list_objects_v2(Bucket=self.tables.bucket)
        return [entry["Key"] for entry in listed.get("Contents", [])]


@contextmanager
def new_world() -> Iterator[World]:
    with moto_tables() as tables:
        yield World(tables)


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")

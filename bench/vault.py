"""Sealing beside aws-encryption-sdk, and what opening fifty people's items costs.

    python -m bench.vault

The peer has the same guarantees: key commitment (policy REQUIRE_ENCRYPT_REQUIRE_DECRYPT), an
encryption context, AES-256-GCM under HKDF-SHA-512, no ECDSA signature, and a caching materials
manager that hits every time: one context for all messages and a raw AES master key in the process,
so neither side waits for a network. Both run in turns; a figure is the median of the turns' CPU
time.
"""

import os
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import aws_encryption_sdk  # type: ignore[import-untyped]  # no types
import boto3
from aws_encryption_sdk import CachingCryptoMaterialsManager, LocalCryptoMaterialsCache
from aws_encryption_sdk.identifiers import (  # type: ignore[import-untyped]  # no types
    Algorithm,
    CommitmentPolicy,
    EncryptionKeyType,
    WrappingAlgorithm,
)
from aws_encryption_sdk.internal.crypto.wrapping_keys import (  # type: ignore[import-untyped]  # no types
    WrappingKey,
)
from aws_encryption_sdk.key_providers.raw import (  # type: ignore[import-untyped]  # no types
    RawMasterKeyProvider,
)

from bench.table import Row, print_table
from chalicelib.clock import SystemClock
from chalicelib.ids import UlidFactory
from chalicelib.tables.codec import Item
from chalicelib.tables.keys import Key
from chalicelib.tables.table import Table
from chalicelib.vault.keyring import Keyring
from chalicelib.vault.keys import Scope
from chalicelib.vault.kms import KeyService
from chalicelib.vault.ledger import ErasureLedger
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault
from tests.contract.moto_tables import REGION, moto_tables

PEER = "aws-encryption-sdk, caching"
TURNS, CALLS = 61, 50
PEOPLE = 50
RECORD = os.urandom(250)
PEER_CONTEXT = {"table": "records", "item": "PERSON#1/PROFILE", "type": "person", "v": "1"}


class Peer:
    """aws-encryption-sdk with one raw master key; counts how often the cache asks for it."""

    def __init__(self) -> None:
        self.provider = CountingProvider()
        self.provider.add_master_key(b"bench")
        self.client = aws_encryption_sdk.EncryptionSDKClient(
            commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
        )
        self.forget()

    def forget(self) -> None:
        """An empty cache."""
        self.materials = CachingCryptoMaterialsManager(
            master_key_provider=self.provider,
            cache=LocalCryptoMaterialsCache(1000),
            max_age=300.0,
        )

    def seal(self, plaintext: bytes, context: dict[str, str]) -> bytes:
        sealed, _ = self.client.encrypt(
            source=plaintext,
            materials_manager=self.materials,
            encryption_context=context,
            algorithm=Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY,
            frame_length=0,  # its shortest and fastest form
        )
        return bytes(sealed)

    def open(self, sealed: bytes, context: dict[str, str]) -> bytes:
        plaintext, header = self.client.decrypt(source=sealed, materials_manager=self.materials)
        assert context.items() <= header.encryption_context.items()
        return bytes(plaintext)


class CountingProvider(RawMasterKeyProvider):  # type: ignore[misc]  # the package has no types
    """A master key that lies in this process, where one in KMS would be called."""

    provider_id = "bench"

    def __init__(self, **_: Any) -> None:
        self.unwrapped = 0
        self._key = WrappingKey(
            WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
            os.urandom(32),
            EncryptionKeyType.SYMMETRIC,
        )

    def _get_raw_key(self, _: bytes) -> WrappingKey:
        return self._key

    def decrypt_data_key_from_list(self, **request: Any) -> Any:
        self.unwrapped += 1
        return super().decrypt_data_key_from_list(**request)


class Local(Table):
    """A table whose batch reads answer from memory at once."""

    def __init__(self, table: Table, keys: Iterable[Key]) -> None:
        super().__init__(table.client, table.logical, table.name)
        self._items = table.batch_get(keys)

    def batch_get(self, keys: Iterable[Key], **_: bool) -> dict[Key, Item]:
        return {key: self._items[key] for key in keys if key in self._items}


def run() -> list[Row]:
    """All rows."""
    with moto_tables() as tables:
        kms = boto3.Session("test", "test", region_name=REGION).client("kms")
        calls: Counter[str] = Counter()
        for client in (getattr(tables.keys.client, "_client", tables.keys.client), kms):
            client.meta.events.register("before-call", partial(_count, calls))
        service = KeyService(kms, kms.create_key()["KeyMetadata"]["Arn"], "bench")

        def keyring(keys: Table) -> Keyring:
            clock = SystemClock()
            ledger = ErasureLedger(tables.records, tables.audit, clock)
            return Keyring(keys, ledger, service, clock, UlidFactory(clock))

        return [*_one_record(Vault(keyring(tables.keys))), *_fifty(keyring, tables.keys, calls)]


def _count(calls: Counter[str], model: Any, **_: Any) -> None:
    calls[model.name] += 1


def _one_record(vault: Vault) -> list[Row]:
    peer = Peer()

    def ours() -> None:
        scope = Scope.person("01JAGA")
        context = SealContext("records", "PERSON#1", "PROFILE", "person", 1)
        assert vault.open(scope, context, vault.seal(scope, context, RECORD)) == RECORD

    def theirs() -> None:
        assert peer.open(peer.seal(RECORD, PEER_CONTEXT), PEER_CONTEXT) == RECORD

    visitors = Scope.visitors("jutsoo", datetime.now(UTC).date())
    context = SealContext("records", "PERSON#1", "PROFILE", "person", 1)
    our_length = len(vault.seal(visitors, context, RECORD))
    peer_length = len(peer.seal(RECORD, PEER_CONTEXT))
    our_time, peer_time = _interleaved(ours, theirs, CALLS)
    return [
        Row("seal and open 250 bytes", our_time, peer_time, PEER, "µs", "≤ 0.1"),
        Row(
            "overhead of sealed 250 bytes",
            our_length - len(RECORD),
            peer_length - len(RECORD),
            PEER,
            "bytes",
            "≤ 80 bytes",
        ),
    ]


def _fifty(keyring: Callable[[Table], Keyring], keys: Table, calls: Counter[str]) -> list[Row]:
    people = [Scope.person(f"01JAGA{number:04}") for number in range(PEOPLE + 1)]
    contexts = [
        SealContext("records", f"PERSON#{number}", "PROFILE", "person", 1)
        for number in range(PEOPLE + 1)
    ]
    writer = Vault(keyring(keys))
    first, *items = [
        (scope, context, writer.seal(scope, context, RECORD))
        for scope, context in zip(people, contexts, strict=True)
    ]
    reader = Vault(keyring(keys))
    reader.open_many([first])  # steady state: the branch key is cached, no person's key is
    calls.clear()
    assert reader.open_many(items) == [RECORD] * PEOPLE
    our_calls = dict(calls)
    assert our_calls == {"BatchGetItem": 1}, our_calls

    branch = keys.get(Key(f"SCOPE#{first[0].value}", "KEY"))
    assert branch is not None
    local = Local(
        keys,
        [
            *(Key(f"SCOPE#{scope.value}", "KEY") for scope in people),
            Key("BRANCH#person", str(branch["branch"])),
        ],
    )
    steady = keyring(local)
    Vault(steady).open_many([first])

    def ours() -> None:
        for scope, _, _ in items:
            steady.forget(scope)
        assert len(Vault(steady).open_many(items)) == PEOPLE

    peer = Peer()
    theirs_sealed = [
        (peer.seal(RECORD, {**PEER_CONTEXT, "person": str(number)}), {"person": str(number)})
        for number in range(PEOPLE)
    ]
    peer.forget()
    peer.provider.unwrapped = 0

    def theirs() -> None:
        peer.forget()
        for sealed, context in theirs_sealed:
            assert len(peer.open(sealed, context)) == len(RECORD)

    theirs()
    peer_calls = peer.provider.unwrapped
    our_time, peer_time = _interleaved(ours, theirs, 2)
    return [
        Row(
            "open 50 people's items: KMS calls",
            our_calls.get("Decrypt", 0),
            peer_calls,
            PEER,
            "calls",
            "0",
        ),
        Row(
            "open 50 people's items: key reads",
            our_calls["BatchGetItem"],
            0,
            "(keys in the message)",
            "calls",
            "1",
        ),
        Row(
            "open 50 people's items, keys not cached",
            our_time / PEOPLE,
            peer_time / PEOPLE,
            f"{PEER}, no network",
            "µs/item",
            "no target",
        ),
    ]


def _interleaved(
    ours: Callable[[], None], theirs: Callable[[], None], calls: int
) -> tuple[float, float]:
    """Medians of the turns, in µs of CPU per call."""
    turns: dict[Callable[[], None], list[float]] = {ours: [], theirs: []}
    for _ in range(TURNS):
        for call, figures in turns.items():
            start = time.process_time()
            for _ in range(calls):
                call()
            figures.append((time.process_time() - start) / calls * 1e6)
    return statistics.median(turns[ours]), statistics.median(turns[theirs])


if __name__ == "__main__":
    print_table(run())

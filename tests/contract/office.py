"""The application's services on moto's tables, for benchmarks and tests that make many of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.clock import Clock
from chalicelib.services import Services
from chalicelib.settings import Settings
from tests.contract.moto_tables import SESSION, Tables, moto_tables
from tests.fakes import MAIL, POOLS, SequentialIds


def settings_on(
    tables: Tables, vault_key: str, signing_key: str, receipt_key: str = ""
) -> Settings:
    """Settings for `tables` and keys of moto's KMS. Without one receipts share the signing key."""
    return Settings(
        stage="test",
        records_table=tables.records.name,
        preferences_table=tables.preferences.name,
        audit_table=tables.audit.name,
        keys_table=tables.keys.name,
        vault_key_id=vault_key,
        signing_key_id=signing_key,
        receipt_key_id=receipt_key or signing_key,
        trail_bucket=tables.bucket,
        exports_bucket=tables.exports,
        archive_bucket=tables.archive,
        **POOLS,
        **MAIL,
    )


@contextmanager
def office(clock: Clock) -> Iterator[Services]:
    """Services on fresh, empty tables, gone at the end."""
    with moto_tables() as tables:
        key = SESSION.client("kms").create_key()["KeyMetadata"]["Arn"]
        settings = settings_on(tables, vault_key=key, signing_key=key)
        yield Services(settings, clock=clock, ids=SequentialIds(), create_client=SESSION.client)

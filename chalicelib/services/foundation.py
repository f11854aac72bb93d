"""What every service stands on: clients, tables, the vault, the trail."""

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.session import get_session

from chalicelib.audit.trail import Trail
from chalicelib.aws import CLIENT_CONFIG
from chalicelib.clock import Clock, SystemClock
from chalicelib.ids import Ids, UlidFactory
from chalicelib.settings import Settings
from chalicelib.tables.cursors import Cursors
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, run_command
from chalicelib.vault.blind_index import BlindIndex
from chalicelib.vault.keyring import Keyring
from chalicelib.vault.kms import KeyService
from chalicelib.vault.ledger import ErasureLedger
from chalicelib.vault.vault import Vault

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

    from chalicelib.idempotency.service import Idempotency

type CreateClient = Callable[..., Any]
"""`boto3.Session.client` or botocore's `create_client`: takes a service name and `config`."""


class Foundation:
    """One container's ground floor. `clock`, `ids` and `create_client` may be given."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        ids: Ids | None = None,
        create_client: CreateClient | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.ids = ids or UlidFactory(self.clock)
        self._create_client: CreateClient = create_client or get_session().create_client

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        client: DynamoDBClient = self._create_client("dynamodb", config=CLIENT_CONFIG)
        return client

    @cached_property
    def kms(self) -> "KMSClient":
        client: KMSClient = self._create_client("kms", config=CLIENT_CONFIG)
        return client

    @cached_property
    def s3(self) -> "S3Client":
        client: S3Client = self._create_client("s3", config=CLIENT_CONFIG)
        return client

    @cached_property
    def sqs(self) -> "SQSClient":
        client: SQSClient = self._create_client("sqs", config=CLIENT_CONFIG)
        return client

    @cached_property
    def records(self) -> Table:
        return Table(self.dynamodb, "records", self.settings.records_table)

    @cached_property
    def preferences(self) -> Table:
        return Table(self.dynamodb, "preferences", self.settings.preferences_table)

    @cached_property
    def audit(self) -> Table:
        return Table(self.dynamodb, "audit", self.settings.audit_table)

    @cached_property
    def keys(self) -> Table:
        return Table(self.dynamodb, "keys", self.settings.keys_table)

    @cached_property
    def keyring(self) -> Keyring:
        kms = KeyService(self.kms, self.settings.vault_key_id, self.settings.stage)
        return Keyring(self.keys, self.ledger, kms, self.clock, self.ids)

    @cached_property
    def ledger(self) -> ErasureLedger:
        return ErasureLedger(self.records, self.audit, self.clock)

    @cached_property
    def vault(self) -> Vault:
        return Vault(self.keyring)

    @cached_property
    def index(self) -> BlindIndex:
        return BlindIndex(self.keyring.mac_key)

    @cached_property
    def cursors(self) -> Cursors:
        return Cursors(lambda: self.keyring.mac_key("cursors"))

    @cached_property
    def trail(self) -> Trail:
        return Trail(self.records, self.audit, self.clock, self.ids)

    @cached_property
    def idempotency(self) -> "Idempotency":
        from chalicelib.idempotency.service import Idempotency
        from chalicelib.idempotency.store import ResultStore

        store = ResultStore(self.records, self.clock, lambda: self.keyring.mac_key("idempotency"))
        return Idempotency(store, self.run_command)

    def run_command(self, build: Callable[[], Sequence[Action]]) -> None:
        """`transactions.run_command` on this container's client."""
        run_command(self.dynamodb, build, sleep=time.sleep)

"""The composition root: every service is built here, once per container, when first needed.

Nothing is read or connected at import. Tests build their own `Services` with their own clock, ids
and clients and put it in place with `use`.

Cold starts are the visitors' waiting time, so clients come from botocore (boto3 would import its
transfer manager for nothing), and what only a job needs is imported by that job's services.
"""

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.session import get_session

from chalicelib.audit.digests import DigestBook
from chalicelib.audit.trail import Trail
from chalicelib.aws import CLIENT_CONFIG, ONE_ATTEMPT
from chalicelib.clock import Clock, SystemClock
from chalicelib.cookies.service import CookiePreferences
from chalicelib.cookies.site_store import SiteStore
from chalicelib.cookies.sites import Sites
from chalicelib.cookies.store import PreferenceStore
from chalicelib.ids import Ids, UlidFactory
from chalicelib.notices.outbox import Outbox
from chalicelib.notices.service import Notices
from chalicelib.notices.store import NoticeStore
from chalicelib.settings import Settings
from chalicelib.tables.cursors import Cursors
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, run_command
from chalicelib.telemetry import report_counts
from chalicelib.vault.blind_index import BlindIndex
from chalicelib.vault.keyring import Keyring
from chalicelib.vault.kms import KeyService
from chalicelib.vault.vault import Vault

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

    from chalicelib.audit.checkpoint import Checkpoints
    from chalicelib.connectors.webhooks.client import WebhookClient
    from chalicelib.connectors.webhooks.dead_letters import DeadLetters
    from chalicelib.connectors.webhooks.endpoint_store import EndpointStore
    from chalicelib.connectors.webhooks.events import Events
    from chalicelib.connectors.webhooks.redrive import Redrive
    from chalicelib.connectors.webhooks.service import Webhooks
    from chalicelib.http.gatekeeper import Gatekeeper
    from chalicelib.identity.proofs import Proofs
    from chalicelib.identity.sessions import Sessions
    from chalicelib.identity.subject_store import SubjectStore
    from chalicelib.identity.subjects import Subjects
    from chalicelib.identity.vouching import Voucher
    from chalicelib.notices.consumer import Consumer
    from chalicelib.notices.outbox_actions import OutboxActions
    from chalicelib.notices.outbox_store import OutboxStore
    from chalicelib.notices.relay import Relay
    from chalicelib.oidc.tokens import Issuer
    from chalicelib.vault.signing import Signer

type CreateClient = Callable[..., Any]
"""`boto3.Session.client` or botocore's `create_client`: takes a service name and `config`."""


class Services:
    """One container's services. `clock`, `ids`, `create_client` may be given; the rest follows."""

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
        return Keyring(self.keys, self.records, kms, self.clock, self.ids)

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
    def digest_book(self) -> DigestBook:
        return DigestBook(self.audit)

    @cached_property
    def checkpoints(self) -> "Checkpoints":
        from chalicelib.audit.checkpoint import Checkpoints  # noqa: PLC0415  # see above
        from chalicelib.audit.collector import Collector  # noqa: PLC0415
        from chalicelib.audit.pointer import Pointer  # noqa: PLC0415

        return Checkpoints(
            Collector(self.records, self.audit),
            Pointer(self.records),
            self.s3,
            self.settings.trail_bucket,
            self.signer,
            self.clock,
        )

    @cached_property
    def signer(self) -> "Signer":
        from chalicelib.vault.signing import Signer  # noqa: PLC0415  # see above

        return Signer(self.kms, self.settings.signing_key_id)

    @cached_property
    def notices(self) -> Notices:
        return Notices(NoticeStore(self.records))

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(self.records, self.vault, self.clock, self.ids)

    @cached_property
    def outbox_store(self) -> "OutboxStore":
        from chalicelib.notices.outbox_store import OutboxStore  # noqa: PLC0415  # see above

        return OutboxStore(self.records, self.vault, self.clock, self.run_command)

    @cached_property
    def outbox_actions(self) -> "OutboxActions":
        from chalicelib.notices.outbox_actions import OutboxActions  # noqa: PLC0415  # see above

        return OutboxActions(self.records)

    @cached_property
    def relay(self) -> "Relay":
        from chalicelib.notices.messages import Channel  # noqa: PLC0415  # see above
        from chalicelib.notices.relay import Relay  # noqa: PLC0415

        settings = self.settings
        queues = {
            Channel.MAIL: settings.mail_queue_url,
            Channel.WEBHOOK: settings.webhook_queue_url,
        }
        return Relay(self.sqs, queues)

    @cached_property
    def mail_consumer(self) -> "Consumer":
        from chalicelib.notices.consumer import Consumer  # noqa: PLC0415  # see above
        from chalicelib.notices.delivery import MailDelivery  # noqa: PLC0415
        from chalicelib.notices.mail import Composer  # noqa: PLC0415
        from chalicelib.notices.ses import Ses  # noqa: PLC0415

        settings = self.settings
        client = self._create_client("ses", config=ONE_ATTEMPT)
        delivery = MailDelivery(
            self.outbox_store,
            Composer(settings.mail_from),
            Ses(client, settings.mail_configuration_set),
            settings.mail_from,
            lambda: report_counts("send_mail", settings.stage, {"dead": 1}),
        )
        return Consumer(self.sqs, settings.mail_queue_url, delivery.deliver)

    @cached_property
    def feedback_consumer(self) -> "Consumer":
        from chalicelib.notices.consumer import Consumer  # noqa: PLC0415  # see above
        from chalicelib.notices.feedback import Feedback  # noqa: PLC0415

        feedback = Feedback(self.outbox_store)
        return Consumer(self.sqs, self.settings.feedback_queue_url, feedback.record)

    @cached_property
    def webhook_endpoints(self) -> "EndpointStore":
        from chalicelib.connectors.webhooks.endpoint_store import (  # noqa: PLC0415  # see above
            EndpointStore,
        )

        return EndpointStore(self.records, self.vault)

    @cached_property
    def webhook_dead_letters(self) -> "DeadLetters":
        from chalicelib.connectors.webhooks.dead_letters import (  # noqa: PLC0415  # see above
            DeadLetters,
        )

        return DeadLetters(self.records)

    @cached_property
    def webhook_client(self) -> "WebhookClient":
        from chalicelib.connectors.webhooks.client import (  # noqa: PLC0415  # see above
            WebhookClient,
        )

        return WebhookClient(loopback=self.settings.stage == "local")

    @cached_property
    def webhooks(self) -> "Webhooks":
        from chalicelib.connectors.webhooks.service import Webhooks  # noqa: PLC0415  # see above

        return Webhooks(
            self.webhook_endpoints,
            self.webhook_client.locate,
            self.trail,
            self.clock,
            self.ids,
            self.run_command,
        )

    @cached_property
    def webhook_redrive(self) -> "Redrive":
        from chalicelib.connectors.webhooks.redrive import Redrive  # noqa: PLC0415  # see above

        return Redrive(
            self.webhook_endpoints,
            self.webhook_dead_letters,
            self.outbox_store,
            self.outbox_actions,
            self.trail,
            self.ids,
            self.run_command,
        )

    @cached_property
    def webhook_events(self) -> "Events":
        from chalicelib.connectors.webhooks.events import Events  # noqa: PLC0415  # see above

        return Events(self.webhook_endpoints, self.outbox, self.clock)

    @cached_property
    def webhook_consumer(self) -> "Consumer":
        from chalicelib.connectors.webhooks.delivery import (  # noqa: PLC0415  # see above
            WebhookDelivery,
        )
        from chalicelib.connectors.webhooks.giving_up import GivingUp  # noqa: PLC0415
        from chalicelib.notices.consumer import Consumer  # noqa: PLC0415

        giving_up = GivingUp(
            self.outbox_actions,
            self.webhook_dead_letters,
            self.clock,
            self.run_command,
            lambda: report_counts("send_webhooks", self.settings.stage, {"dead": 1}),
        )
        delivery = WebhookDelivery(
            self.outbox_store,
            self.webhook_endpoints,
            self.webhooks,
            self.webhook_client,
            giving_up,
            self.clock,
        )
        return Consumer(self.sqs, self.settings.webhook_queue_url, delivery.deliver)

    @cached_property
    def sites(self) -> Sites:
        return Sites(
            SiteStore(self.records), self.notices, self.trail, self.clock, self.run_command
        )

    @cached_property
    def cookies(self) -> CookiePreferences:
        store = PreferenceStore(self.preferences, self.vault)
        return CookiePreferences(self.sites, store, self.clock, self.ids)

    @cached_property
    def subjects(self) -> "Subjects":
        from chalicelib.identity.subjects import Subjects  # noqa: PLC0415  # see above

        return Subjects(self._subject_store, self.index, self.trail, self.run_command)

    @cached_property
    def sessions(self) -> "Sessions":
        from chalicelib.identity.session_store import SessionStore  # noqa: PLC0415  # see above
        from chalicelib.identity.sessions import Sessions  # noqa: PLC0415

        return Sessions(
            SessionStore(self.records, self.clock),
            self._subject_store,
            self.index,
            self.trail,
            self.clock,
            self.ids,
            self.run_command,
        )

    @cached_property
    def proofs(self) -> "Proofs":
        from chalicelib.identity.codes import Codes  # noqa: PLC0415  # see above
        from chalicelib.identity.limits import Limits  # noqa: PLC0415
        from chalicelib.identity.proofs import Proofs  # noqa: PLC0415

        return Proofs(
            Codes(self.records, self.clock, lambda: self.keyring.mac_key("codes")),
            Limits(self.records, self.clock),
            self.outbox,
            self.index,
            self.sessions,
            self.ids,
            self.run_command,
            self._voucher,
        )

    @cached_property
    def gatekeeper(self) -> "Gatekeeper":
        from chalicelib.http.gatekeeper import Gatekeeper, Trust  # noqa: PLC0415  # see above

        settings = self.settings
        return Gatekeeper(
            Trust(self._pool(settings.staff_pool_id), settings.staff_client_id),
            Trust(self._pool(settings.platform_pool_id), settings.platform_client_id),
            self.clock,
        )

    @cached_property
    def _subject_store(self) -> "SubjectStore":
        from chalicelib.identity.subject_store import SubjectStore  # noqa: PLC0415  # see above

        return SubjectStore(self.records, self.vault)

    @cached_property
    def _voucher(self) -> "Voucher | None":
        from chalicelib.identity.vouching import Voucher  # noqa: PLC0415  # see above
        from chalicelib.oidc.keys import KeySet, fetch_from  # noqa: PLC0415
        from chalicelib.oidc.tokens import Issuer  # noqa: PLC0415

        settings = self.settings
        if not settings.vouch_issuer:
            return None
        keys = KeySet(fetch_from(settings.vouch_keys_url), self.clock)
        issuer = Issuer(settings.vouch_issuer, keys)
        return Voucher(self.records, issuer, settings.vouch_audience, self.clock)

    def _pool(self, pool_id: str) -> "Issuer":
        """The issuer of a user pool's tokens, its keys where the SDK would call Cognito."""
        from chalicelib.oidc.keys import KeySet, fetch_from  # noqa: PLC0415  # see above
        from chalicelib.oidc.tokens import Issuer  # noqa: PLC0415

        region = pool_id.partition("_")[0]
        cognito = self._create_client("cognito-idp", config=CLIENT_CONFIG).meta.endpoint_url
        fetch = fetch_from(f"{cognito}/{pool_id}/.well-known/jwks.json")
        return Issuer(
            f"https://cognito-idp.{region}.amazonaws.com/{pool_id}", KeySet(fetch, self.clock)
        )

    def run_command(self, build: Callable[[], Sequence[Action]]) -> None:
        """`transactions.run_command` on this container's client."""
        run_command(self.dynamodb, build, sleep=time.sleep)


_current: list[Services] = []


def services() -> Services:
    """This container's services, from the environment on first use. Raises `MissingSetting`."""
    if not _current:
        _current.append(Services(Settings.from_environment()))
    return _current[0]


def use(replacement: Services | None) -> None:
    """Puts `replacement` in place; None lets the environment speak again. For tests and tools."""
    _current[:] = [replacement] if replacement else []

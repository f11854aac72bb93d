"""The services of partners who speak OpenDSR."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.services.requests import RequestServices
from chalicelib.services.webhooks import WebhookServices
from chalicelib.telemetry import report_counts

if TYPE_CHECKING:
    from chalicelib.notices.messages import Message
    from chalicelib.opendsr.certificate_store import CertificateStore
    from chalicelib.opendsr.intake import PartnerIntake
    from chalicelib.opendsr.service import OpenDsr
    from chalicelib.opendsr.signing import Stamp
    from chalicelib.opendsr.submission_store import SubmissionStore
    from chalicelib.vault.rsa_signing import RsaSigner


class OpenDsrServices(RequestServices, WebhookServices):
    """Submissions, callbacks, the certificate."""

    @cached_property
    def open_dsr(self) -> "OpenDsr":
        from chalicelib.opendsr.service import OpenDsr

        return OpenDsr(
            self._partner_intake,
            self._submissions,
            self.partner_certificates,
            self.requests,
            self.request_book,
            self.clock,
            self.run_command,
            self.settings.opendsr_domain,
        )

    @cached_property
    def open_dsr_stamp(self) -> "Stamp":
        from chalicelib.opendsr.signing import Stamp

        return Stamp(self.partner_signer, self.settings.opendsr_domain)

    @cached_property
    def partner_signer(self) -> "RsaSigner":
        from chalicelib.vault.rsa_signing import RsaSigner

        return RsaSigner(self.kms, self.settings.partner_key_id)

    @cached_property
    def partner_certificates(self) -> "CertificateStore":
        from chalicelib.opendsr.certificate_store import CertificateStore

        return CertificateStore(self.records)

    def _send_callback(self, message: "Message") -> None:
        from chalicelib.opendsr.callbacks import StatusCallbacks

        StatusCallbacks(
            self.outbox_store,
            self._partner_callbacks,
            self.webhook_client,
            self.open_dsr_stamp,
            self.clock,
            lambda: report_counts("send_webhooks", self.settings.stage, {"dead": 1}),
        ).attempt(message)

    @cached_property
    def _submissions(self) -> "SubmissionStore":
        from chalicelib.opendsr.submission_store import SubmissionStore

        return SubmissionStore(self.records, lambda: self.keyring.mac_key("opendsr"))

    @cached_property
    def _partner_intake(self) -> "PartnerIntake":
        from chalicelib.opendsr.intake import PartnerIntake, Processor

        settings = self.settings
        return PartnerIntake(
            Processor(settings.opendsr_domain, loopback=settings.stage == "local"),
            self._submissions,
            self._partner_callbacks,
            self._arrivals,
            self.subjects,
            self._opening,
            self.clock,
        )

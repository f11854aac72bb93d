"""What partners do: submit, ask, cancel."""

import base64
import re
from contextlib import suppress

from chalicelib.audit.entry import Actor
from chalicelib.clock import Clock, rfc3339
from chalicelib.errors import NotFound
from chalicelib.opendsr.certificate_store import CertificateStore
from chalicelib.opendsr.intake import PartnerIntake
from chalicelib.opendsr.news import expected_completion, results_url
from chalicelib.opendsr.rules import SUPPORTED, NotCancellable, has_results, partner_status
from chalicelib.opendsr.submission_store import AlreadySubmitted, SubmissionStore
from chalicelib.opendsr.wire import (
    API_VERSION,
    SUBJECT_REQUEST_ID,
    TYPES,
    CancellationReceipt,
    Discovery,
    StatusView,
    SubmissionIn,
    SubmissionReceipt,
    SupportedIdentity,
)
from chalicelib.requests.book import RequestBook
from chalicelib.requests.models import DataRequest, Status
from chalicelib.requests.rules import Event, ImpossibleNow, moved
from chalicelib.requests.service import Requests
from chalicelib.tables.transactions import Action, RunCommand


class UnknownSubmission(NotFound):
    """The partner submitted nothing under this id."""

    code = "unknown_subject_request"


class NoPartnerCertificate(NotFound):
    """The operator has put none in force (docs/opendsr.md)."""

    code = "no_partner_certificate"


class OpenDsr:
    """The processor's side of OpenDSR 2.0, for the domain `domain`."""

    def __init__(
        self,
        intake: PartnerIntake,
        submissions: SubmissionStore,
        certificates: CertificateStore,
        requests: Requests,
        book: RequestBook,
        clock: Clock,
        run_command: RunCommand,
        domain: str,
    ) -> None:
        self._intake = intake
        self._submissions = submissions
        self._certificates = certificates
        self._requests = requests
        self._book = book
        self._clock = clock
        self._run_command = run_command
        self._domain = domain

    def discovery(self) -> Discovery:
        """What we support (section 6), and where the certificate is."""
        return Discovery(
            api_version=API_VERSION,
            supported_identities=tuple(
                SupportedIdentity(identity_type=type_, identity_format=format_)
                for type_, format_ in SUPPORTED
            ),
            supported_subject_request_types=tuple(TYPES),
            processor_certificate=f"https://{self._domain}/opendsr/v2/certificate.pem",
        )

    def certificate(self) -> str:
        """The certificate in force, PEM. Raises `NoPartnerCertificate`."""
        pem = self._certificates.get()
        if pem is None:
            raise NoPartnerCertificate
        return pem

    def submit(self, partner_id: str, submission: SubmissionIn, body: bytes) -> SubmissionReceipt:
        """Takes the submission in, once for its id; `body` is what came, byte by byte.

        Raises `UnsupportedIdentity`, `UnusableIdentifier`, `InvalidInput`, `SubmissionConflict`,
        `TooManyCallbacks`.
        """
        request_id = self._submissions.repeated(partner_id, submission)
        if request_id is None:
            with suppress(AlreadySubmitted):  # at this very moment: it is found below
                self._intake.take_in(partner_id, submission)
            request_id = self._submissions.repeated(partner_id, submission)
        request = self._existing(request_id)
        return SubmissionReceipt(
            controller_id=partner_id,
            expected_completion_time=expected_completion(self._requests.followed(request)),
            received_time=rfc3339(request.received_at),
            encoded_request=base64.b64encode(body).decode("ascii"),
            subject_request_id=submission.subject_request_id,
        )

    def status(self, partner_id: str, subject_request_id: str) -> StatusView:
        """Where the submission is. Raises `UnknownSubmission`."""
        own = self._submitted(partner_id, subject_request_id)
        request = self._requests.followed(own)
        url = results_url(self._domain, own.request_id) if has_results(request) else None
        return StatusView(
            controller_id=partner_id,
            expected_completion_time=expected_completion(request),
            subject_request_id=subject_request_id,
            request_status=partner_status(request.status),
            api_version=API_VERSION,
            results_url=url,
        )

    def cancel(self, partner_id: str, subject_request_id: str) -> CancellationReceipt:
        """Withdraws the submission; one that is withdrawn stays so.

        Raises `UnknownSubmission`, `NotCancellable`.
        """
        request = self._submitted(partner_id, subject_request_id)
        if request.status is not Status.WITHDRAWN:
            try:
                self._run_command(lambda: self._withdrawal(partner_id, request.request_id))
            except ImpossibleNow:
                raise NotCancellable from None
        return CancellationReceipt(
            controller_id=partner_id,
            subject_request_id=subject_request_id,
            received_time=rfc3339(self._clock.now()),
            api_version=API_VERSION,
        )

    def _withdrawal(self, partner_id: str, request_id: str) -> list[Action]:
        current = self._book.get(request_id)
        who = Actor("platform", partner_id)
        withdrawn = moved(current, Event.WITHDRAWN)
        return [*self._book.change(withdrawn, who, "request.withdrawn"), *self._book.close(current)]

    def _submitted(self, partner_id: str, subject_request_id: str) -> DataRequest:
        if re.fullmatch(SUBJECT_REQUEST_ID, subject_request_id) is None:
            raise UnknownSubmission
        return self._existing(self._submissions.find(partner_id, subject_request_id))

    def _existing(self, request_id: str | None) -> DataRequest:
        if request_id is None:
            raise UnknownSubmission
        return self._book.get(request_id)

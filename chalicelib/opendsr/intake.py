"""How a submission becomes a request.

A partner vouches for its people by contract, so what it submits opens at once, on the same way as
every other request, or joins the person's open one.
"""

from dataclasses import dataclass

from chalicelib.audit.entry import Actor
from chalicelib.clock import Clock, rfc3339
from chalicelib.connectors.webhooks.targets import RefusedTarget, parse_target
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.identity.subjects import Subjects
from chalicelib.opendsr.callback_store import Callback, CallbackStore
from chalicelib.opendsr.rules import content_of
from chalicelib.opendsr.submission_store import SubmissionStore
from chalicelib.opendsr.wire import TYPES, SubmissionIn
from chalicelib.requests.arrivals import Arrivals, Prepared
from chalicelib.requests.mandates import identifiers
from chalicelib.requests.models import Arrival, DataRequest, Source
from chalicelib.requests.opening import Opening
from chalicelib.tables.transactions import Action


@dataclass(frozen=True, slots=True)
class Processor:
    """Who we are to partners. With `loopback` callbacks may go to the machine itself."""

    domain: str
    loopback: bool


class PartnerIntake:
    """Takes submissions in."""

    def __init__(
        self,
        processor: Processor,
        submissions: SubmissionStore,
        callbacks: CallbackStore,
        arrivals: Arrivals,
        subjects: Subjects,
        opening: Opening,
        clock: Clock,
    ) -> None:
        self._processor = processor
        self._submissions = submissions
        self._callbacks = callbacks
        self._arrivals = arrivals
        self._subjects = subjects
        self._opening = opening
        self._clock = clock

    def take_in(self, partner_id: str, submission: SubmissionIn) -> None:
        """Makes a request of the submission, in one transaction.

        Raises `AlreadySubmitted`, `UnsupportedIdentity`, `UnusableIdentifier`, `InvalidInput`,
        `TooManyCallbacks`, `IdentifiersOfTwoPeople`.
        """
        content = content_of(submission, partner_id, self._processor.domain)
        self._check_urls(submission)
        who = Actor("platform", partner_id)
        facts = {
            "subject_request_id": submission.subject_request_id,
            "submitted": rfc3339(submission.submitted_time),
        }

        def prepare(received: DataRequest) -> Prepared:
            noted = self._submissions.add_action(partner_id, submission, received.request_id)
            subject_id, new_subject = self._subjects.vouched_for(
                identifiers(received.content), received.content.language, who
            )
            settled = self._opening.settle(received, subject_id, who, "partner")
            called_back = self._called_back(partner_id, submission, settled.request)
            writes = [noted, *new_subject, *settled.actions, *called_back]
            return Prepared(settled.request, who, {**facts, **settled.facts}, writes)

        type_ = TYPES[submission.subject_request_type]
        arrival = Arrival(
            type_,
            content,
            Source.OPENDSR,
            self._clock.now(),
            submitter=f"{Source.OPENDSR.value}/{partner_id}",
        )
        self._arrivals.take_in(arrival, None, prepare)

    def _called_back(
        self, partner_id: str, submission: SubmissionIn, settled: DataRequest
    ) -> list[Action]:
        if not submission.status_callback_urls:
            return []
        callback = Callback(
            request_id=settled.joined_to or settled.request_id,
            own_id=settled.request_id,
            partner_id=partner_id,
            subject_request_id=submission.subject_request_id,
            told="pending",
            count=len(submission.status_callback_urls),
            rev=1,
            item={},
        )
        return [self._callbacks.add_action(callback, submission.status_callback_urls)]

    def _check_urls(self, submission: SubmissionIn) -> None:
        for number, url in enumerate(submission.status_callback_urls):
            try:
                parse_target(url, loopback=self._processor.loopback)
            except RefusedTarget as refusal:
                field = f"status_callback_urls.{number}"
                raise InvalidInput(FieldError(field, refusal.reason)) from None

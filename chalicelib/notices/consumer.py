"""Working a batch of a queue, message by message: what fails comes again later, the rest is done.

A failed message stays in its queue and comes back after a pause that doubles from 30 seconds to 15
minutes. Each pause is cut by up to half at random, so that after an outage not all come at once.
Pauses add up to at least 11 hours (to 17 on average) over the 100 receives after which a queue of
the template gives a message up to its dead letters, and to at least five days over the 1,000 of the
mail's: so long may what is behind the queue be away without anybody's help. Dead letters wait for
`redrive.py` until 14 days after they were queued.
"""

import random
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from chalicelib.errors import Unavailable
from chalicelib.telemetry import log_failure

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

RECEIVES = 100
"""`maxReceiveCount` of every work queue but the mail's (infra/template.mail.yaml)."""
MAIL_RECEIVES = 1000
"""That of the mail queue."""

_FIRST_PAUSE_SECONDS = 30
_LONGEST_PAUSE_SECONDS = 900


class Later(Unavailable):
    """The message is to come again after `seconds` (at most twelve hours), as nothing out of order.

    SQS counts the twelve hours from when it handed the message out.
    """

    code = "later"

    def __init__(self, seconds: int) -> None:
        super().__init__(self.code)
        self.seconds = seconds


class Consumer:
    """Hands the bodies of one queue's messages to `handle`, which raises to have one again."""

    def __init__(
        self,
        sqs: "SQSClient",
        queue_url: str,
        handle: Callable[[str], None],
        *,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._sqs = sqs
        self._queue_url = queue_url
        self._handle = handle
        self._jitter = jitter

    def run(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Works the batch of a Lambda SQS `event`; answers with what is not done.

        The mapping needs `ReportBatchItemFailures`, or what failed would count as done.
        """
        processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
        return dict(process_partial_response(dict(event), self._work, processor))

    def _work(self, record: SQSRecord) -> None:
        try:
            self._handle(record.body)
        except Later as later:
            self._postpone(record, later.seconds)
            raise
        except Exception as error:
            log_failure(error, "")
            longest = pause_seconds(int(record.attributes.approximate_receive_count))
            self._postpone(record, round(self._jitter(longest / 2, longest)))
            raise

    def _postpone(self, record: SQSRecord, seconds: int) -> None:
        try:
            self._sqs.change_message_visibility(
                QueueUrl=self._queue_url,
                ReceiptHandle=record.receipt_handle,
                VisibilityTimeout=seconds,
            )
        except Exception as error:  # noqa: BLE001  # then it comes after the queue's own timeout
            log_failure(error, "")


def pause_seconds(receives: int) -> int:
    """The longest pause after a message was received for the nth time in vain."""
    pause = _FIRST_PAUSE_SECONDS
    for _ in range(receives - 1):
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
    return pause

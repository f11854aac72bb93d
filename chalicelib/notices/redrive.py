"""Bringing dead letters back to the queue that gave them up."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_BATCH = 10
_HIDDEN_SECONDS = 60
_WAIT_SECONDS = 2


def redrive(sqs: "SQSClient", queue_url: str) -> int:
    """Moves every dead letter of the queue at `queue_url` back into it; returns how many.

    Received, sent, and only then deleted: whatever dies in between leaves a letter in both queues,
    which the consumers' claims make harmless. Not by StartMessageMoveTask, which the embedded SQS
    does not have.
    """
    answer = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["RedrivePolicy"])
    target = json.loads(answer["Attributes"]["RedrivePolicy"])["deadLetterTargetArn"]
    letters = sqs.get_queue_url(QueueName=target.rpartition(":")[2])["QueueUrl"]
    moved = 0
    while received := sqs.receive_message(
        QueueUrl=letters,
        MaxNumberOfMessages=_BATCH,
        VisibilityTimeout=_HIDDEN_SECONDS,
        WaitTimeSeconds=_WAIT_SECONDS,
    ).get("Messages", []):
        for letter in received:
            sqs.send_message(QueueUrl=queue_url, MessageBody=letter["Body"])
            sqs.delete_message(QueueUrl=letters, ReceiptHandle=letter["ReceiptHandle"])
            moved += 1
    return moved

"""What the roles of the mail functions may not do, asked as test_permissions.py asks."""

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.local.stack import Stack
from tests.deployed.test_permissions import (
    KEY,
    REFUSALS,
    Attempt,
    _batch_get,
    _data_key,
    _get,
    _put,
    _put_in_a_transaction,
    _query,
    _scan,
    _session,
    _update,
    _use_storage_key,
)

SNS_REFUSAL = "AuthorizationError"
RAW = b"To: reader@example.test\r\nSubject: x\r\n\r\nx\r\n"


def _mail_from(sender: str) -> Attempt:
    return lambda session, stack: session.client(
        "ses", endpoint_url=stack.endpoint_url
    ).send_raw_email(Source=sender, Destinations=["reader@example.test"], RawMessage={"Data": RAW})


def _our_mail(session: boto3.Session, stack: Stack) -> object:
    return _mail_from(stack.settings.mail_from)(session, stack)


def _send(queue: str) -> Attempt:
    """Puts the id of a message that is not there into the queue `queue` of the settings."""
    return lambda session, stack: session.client(
        "sqs", endpoint_url=stack.endpoint_url
    ).send_message(
        QueueUrl=getattr(stack.settings, f"{queue}_queue_url"), MessageBody='{"id": "01JGONE"}'
    )


def _receive(queue: str) -> Attempt:
    return lambda session, stack: session.client(
        "sqs", endpoint_url=stack.endpoint_url
    ).receive_message(QueueUrl=getattr(stack.settings, f"{queue}_queue_url"), VisibilityTimeout=0)


def _publish(session: boto3.Session, stack: Stack) -> object:
    return session.client("sns", endpoint_url=stack.endpoint_url).publish(
        TopicArn=stack.deployment.outputs["FeedbackTopicArn"], Message="{}"
    )


def _update_record(pk: str) -> Attempt:
    """Changes an item that is not there, under a condition that never holds."""
    return lambda session, stack: session.client(
        "dynamodb", endpoint_url=stack.endpoint_url
    ).update_item(
        TableName=stack.tables["records"],
        Key={**KEY, "pk": {"S": pk}},
        UpdateExpression="SET a = :a",
        ConditionExpression="attribute_exists(pk)",
        ExpressionAttributeValues={":a": {"S": "x"}},
    )


FORBIDDEN: list[tuple[str, str, Attempt]] = [
    ("ApiHandlerRole", "send mail", _our_mail),
    ("ApiHandlerRole", "queue mail past the outbox", _send("mail")),
    ("ApiHandlerRole", "report a bounce", _publish),
    ("RelayOutboxRole", "read a message", _get("records", "OUTBOX#x")),
    ("RelayOutboxRole", "put a record", _put("records", "OUTBOX#x")),
    ("RelayOutboxRole", "read a wrapped key", _get("keys")),
    ("RelayOutboxRole", "read what is queued", _receive("mail")),
    ("RelayOutboxRole", "report a bounce", _send("feedback")),
    ("RelayOutboxRole", "send mail", _our_mail),
    ("SendMailRole", "send mail as somebody else", _mail_from("ceo@jutsoo.com")),
    ("SendMailRole", "send mail of another domain", _mail_from("privacy@example.test")),
    ("SendMailRole", "read a site", _get("records", "SITE#jutsoo")),
    ("SendMailRole", "rewrite a site", _put("records", "SITE#jutsoo")),
    (
        "SendMailRole",
        "rewrite a site with its receipt",
        _put_in_a_transaction("records", "RECEIPT#x", "SITE#jutsoo"),
    ),
    ("SendMailRole", "change a site", _update_record("SITE#jutsoo")),
    ("SendMailRole", "read all messages", _scan("records")),
    ("SendMailRole", "list a message's items", _query("records", "OUTBOX#x")),
    ("SendMailRole", "read a person's key", _batch_get("keys", "SCOPE#person/1")),
    ("SendMailRole", "read a visitors' key", _batch_get("keys", "SCOPE#visitors/jutsoo/x")),
    ("SendMailRole", "read an event's key", _batch_get("keys", "SCOPE#webhook-messages/x")),
    ("SendMailRole", "put a key", _put("keys", "SCOPE#mail-messages/x")),
    (
        "SendMailRole",
        "make a data key",
        _data_key(application="jaga", stage="local", purpose="mail-messages"),
    ),
    ("SendMailRole", "use the storage key itself", _use_storage_key),
    ("SendMailRole", "queue mail", _send("mail")),
    ("SendMailRole", "report a bounce", _publish),
    # A message it may read, to know whose ledger to write in; what it says is under a key that it
    # may not read.
    ("RecordFeedbackRole", "read a site", _get("records", "SITE#jutsoo")),
    ("RecordFeedbackRole", "list a message's items", _query("records", "OUTBOX#x")),
    ("RecordFeedbackRole", "change a site", _update_record("SITE#jutsoo")),
    ("RecordFeedbackRole", "put a receipt", _put("records", "RECEIPT#x")),
    ("RecordFeedbackRole", "read a wrapped key", _batch_get("keys", "SCOPE#mail-messages/x")),
    ("RecordFeedbackRole", "change the audit table", _update("audit")),
    ("RecordFeedbackRole", "send mail", _our_mail),
    ("TakeFindingsRole", "list the register", _query("records", "INCIDENTS#2026")),
    ("TakeFindingsRole", "read a request", _get("records", "REQUEST#x")),
    ("TakeFindingsRole", "change an incident", _update_record("INCIDENT#x")),
    ("TakeFindingsRole", "put a data map in force", _put("records", "DATAMAP")),
    ("TakeFindingsRole", "put another's entry", _put("audit", "ENTITY#site#jutsoo")),
    ("TakeFindingsRole", "change an entry", _update("audit")),
    ("TakeFindingsRole", "read a person's key", _batch_get("keys", "SCOPE#person/x")),
    ("TakeFindingsRole", "read a handler's key", _batch_get("keys", "SCOPE#handler/x")),
    (
        "TakeFindingsRole",
        "make a person's key",
        _data_key(application="jaga", stage="local", purpose="person"),
    ),
    ("TakeFindingsRole", "send mail", _our_mail),
    ("TakeFindingsRole", "queue a finding", _send("findings")),
    ("TakeFindingsRole", "use the storage key itself", _use_storage_key),
]


@pytest.mark.parametrize(
    ("role", "attempt"),
    [(role, attempt) for role, _, attempt in FORBIDDEN],
    ids=[f"{role} may not {what}" for role, what, _ in FORBIDDEN],
)
def test_a_role_may_not(stack: Stack, role: str, attempt: Attempt) -> None:
    with pytest.raises(ClientError) as refused:
        attempt(_session(stack, role), stack)
    assert refused.value.response["Error"]["Code"] in {*REFUSALS, SNS_REFUSAL}, refused.value


ALLOWED: list[tuple[str, str, Attempt]] = [
    ("RelayOutboxRole", "queue mail", _send("mail")),
    ("SendMailRole", "send our mail", _our_mail),
    ("SendMailRole", "read a message", _get("records", "OUTBOX#x")),
    ("SendMailRole", "read a day's key", _batch_get("keys", "SCOPE#mail-messages/x")),
    ("RecordFeedbackRole", "find a receipt", _get("records", "RECEIPT#x")),
    ("RecordFeedbackRole", "read a message", _get("records", "OUTBOX#x")),
    ("TakeFindingsRole", "read the data map", _get("records", "DATAMAP")),
    ("TakeFindingsRole", "make a draft", _put("records", "INCIDENT#x")),
    ("TakeFindingsRole", "read a finding's key", _batch_get("keys", "SCOPE#finding/x")),
    ("TakeFindingsRole", "work its queue", _receive("findings")),
]


@pytest.mark.parametrize(
    ("role", "attempt"),
    [(role, attempt) for role, _, attempt in ALLOWED],
    ids=[f"{role} may {what}" for role, what, _ in ALLOWED],
)
def test_the_refusals_are_not_of_everything(stack: Stack, role: str, attempt: Attempt) -> None:
    assert attempt(_session(stack, role), stack)


@pytest.mark.parametrize("role", ["SendMailRole", "RecordFeedbackRole"])
def test_a_role_may_change_a_message_under_its_condition(stack: Stack, role: str) -> None:
    with pytest.raises(ClientError) as refused:
        _update_record("OUTBOX#x")(_session(stack, role), stack)
    assert refused.value.response["Error"]["Code"] == "ConditionalCheckFailedException"

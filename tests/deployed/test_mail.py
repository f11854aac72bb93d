"""From the outbox of the deployed stack to the mailbox, and what SES reports back."""

import pytest

from chalicelib.clock import from_millis
from chalicelib.notices.messages import Message, State
from chalicelib.notices.models import Language
from chalicelib.notices.outbox import message_key, unclaimed_bucket
from chalicelib.notices.redrive import redrive
from infra.local.deploy import STACK
from infra.local.stack import Stack
from tests.deployed.mailbox import mails_to, wait_for_mail, wait_until


def queue_code(stack: Stack, to: str, language: Language, code: str) -> str:
    """Puts a code for `to` into the deployed outbox, as a command does; returns its id."""
    services = stack.services
    queued = services.outbox.mail(
        "sign_in_code", to, language, {"code": code, "minutes": "10"}, about="01JREQUEST"
    )
    services.run_command(lambda: queued.actions)
    return queued.message_id


def wait_for_state(stack: Stack, message_id: str, state: State) -> Message:
    store = stack.services.outbox_store

    def reached() -> Message | None:
        message = store.get(message_id)
        assert message is not None
        return message if message.state is state else None

    return wait_until(reached)


@pytest.mark.parametrize(
    ("language", "subject", "sender"),
    [("en", "Your sign-in code", "Jutsoo privacy office"), ("id", "Kode masuk Anda", "Kantor")],
)
def test_a_code_arrives_in_its_language(
    stack: Stack, fresh: str, language: Language, subject: str, sender: str
) -> None:
    address = f"{fresh.lower()}@example.test"
    message_id = queue_code(stack, address, language, "271828")
    mail = wait_for_mail(stack, address)
    assert mail.subject == subject
    for body in (mail.text, mail.html):
        assert "271828" in body
        assert sender in body
    assert mail.sender == stack.settings.mail_from
    assert f'<html lang="{language}">' in mail.html
    message = wait_for_state(stack, message_id, State.SENT)
    assert len(mails_to(stack, address)) == 1
    unclaimed = stack.services.records.due(unclaimed_bucket(from_millis(message.at)))
    assert message_key(message_id) not in set(unclaimed)


@pytest.mark.parametrize(
    ("local", "state", "reason"),
    [
        ("bounce", State.BOUNCED, "permanent_general"),
        ("complaint", State.COMPLAINED, "abuse"),
    ],
)
def test_a_report_ends_on_the_message(
    stack: Stack, fresh: str, local: str, state: State, reason: str
) -> None:
    message_id = queue_code(stack, f"{local}+{fresh}@simulator.amazonses.com", "en", "314159")
    message = wait_for_state(stack, message_id, state)
    assert (message.reason, message.about) == (reason, "01JREQUEST")


def test_poison_in_the_queue_comes_again_and_holds_up_no_mail(stack: Stack, fresh: str) -> None:
    sqs = stack.session.client("sqs")
    url = stack.settings.mail_queue_url
    sqs.send_message(QueueUrl=url, MessageBody="no message of ours")
    address = f"{fresh.lower()}@example.test"
    wait_for_state(stack, queue_code(stack, address, "en", "161803"), State.SENT)
    wait_until(lambda: _waiting(stack, url) == 1)
    sqs.purge_queue(QueueUrl=url)


def test_a_dead_letter_that_comes_back_sends_nothing_twice(stack: Stack, fresh: str) -> None:
    address = f"{fresh.lower()}@example.test"
    message_id = queue_code(stack, address, "en", "141421")
    wait_for_state(stack, message_id, State.SENT)
    sqs = stack.session.client("sqs")
    url = stack.settings.mail_queue_url
    letters = sqs.get_queue_url(QueueName=_physical_name(stack, "MailDeadLetters"))["QueueUrl"]
    sqs.send_message(QueueUrl=letters, MessageBody=f'{{"id": "{message_id}"}}')
    assert redrive(sqs, url) == 1
    wait_until(lambda: _waiting(stack, url) + _waiting(stack, letters) == 0)
    assert len(mails_to(stack, address)) == 1


def _physical_name(stack: Stack, logical: str) -> str:
    resource = stack.session.client("cloudformation").describe_stack_resource(
        StackName=STACK, LogicalResourceId=logical
    )["StackResourceDetail"]
    return resource["PhysicalResourceId"].rpartition("/")[2]


def _waiting(stack: Stack, url: str) -> int:
    """Messages of the queue at `url`, hidden ones included."""
    attributes = stack.session.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["All"]
    )["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"]) + int(
        attributes["ApproximateNumberOfMessagesNotVisible"]
    )

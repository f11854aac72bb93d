"""From the outbox of the deployed stack to the mailbox, and what SES reports back."""

import time

import pytest

from chalicelib.notices.messages import Message, State
from chalicelib.notices.models import Language
from infra.local.stack import Stack
from tests.deployed.mailbox import mails_to, wait_for_mail


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
    deadline = time.monotonic() + 30
    while True:
        message = store.get(message_id)
        assert message is not None
        if message.state is state:
            return message
        assert time.monotonic() < deadline, message
        time.sleep(0.2)


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
    wait_for_state(stack, message_id, State.SENT)
    assert len(mails_to(stack, address)) == 1


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

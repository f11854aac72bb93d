"""Mails of a notice: they name it, and get its text when they are sent."""

from typing import Any

import pytest

from chalicelib.incidents.models import Recipient
from chalicelib.incidents.notices.models import TEMPLATE, State
from chalicelib.incidents.notices.texts import NotToBeSent
from chalicelib.notices.messages import Mail
from chalicelib.services import Services
from chalicelib.vault.errors import KeyDestroyed, SealBroken
from chalicelib.vault.keys import Scope
from tests.contract.moto_tables import another_container
from tests.contract.noticing import INCIDENT, NOTICE, TEXTS, a_notice, keep
from tests.contract.policies import Uses
from tests.contract.post import ADDRESS, Post, parsed

VALUES = {"incident_id": INCIDENT, "notice_id": NOTICE}


def sent_by(services: Services, language: Any) -> tuple[str, str]:
    """Subject and text of a mail of the notice, as the sending function makes it."""
    queued = services.outbox.mail(TEMPLATE, ADDRESS, language, VALUES)
    services.run_command(lambda: queued.actions)
    other = another_container(services)
    uses = Uses()
    uses.watch(other)
    post = Post(other, writers={TEMPLATE: other.notice_texts.of})
    post.deliver(queued.message_id)
    assert uses.refused_by("send_mail") == set()
    mail = parsed(post.client.raw[0])
    body = mail.get_body(("plain",))
    assert body is not None
    return mail["Subject"], body.get_content().replace("\r\n", "\n")


@pytest.mark.parametrize("language", ["en", "id"])
def test_a_mail_says_what_was_approved(services: Services, language: Any) -> None:
    keep(services, a_notice(state=State.APPROVED))
    written = TEXTS[language]
    assert sent_by(services, language) == (written.subject, written.text)


def test_a_notice_is_read_once_for_all_its_mails(services: Services) -> None:
    keep(services, a_notice(state=State.APPROVED))
    texts = services.notice_texts
    mail = Mail(ADDRESS, "id", VALUES)
    texts.of(mail)
    uses = Uses()
    uses.watch(services)
    assert texts.of(mail).subject == TEXTS["id"].subject
    assert uses.seen == set()


@pytest.mark.parametrize(
    "said",
    [
        {"state": State.PROPOSED},
        {"state": State.WITHDRAWN},
        {"state": State.APPROVED, "drill": True},
    ],
)
def test_what_may_not_leave_is_not_written(services: Services, said: dict[str, Any]) -> None:
    keep(services, a_notice(**said))
    with pytest.raises(NotToBeSent):
        services.notice_texts.of(Mail(ADDRESS, "id", VALUES))


def test_a_notice_that_nobody_stored_is_not_written(services: Services) -> None:
    with pytest.raises(NotToBeSent):
        services.notice_texts.of(Mail(ADDRESS, "id", VALUES))


@pytest.mark.parametrize(
    ("name", "value"),
    [("incident", {"S": "01JAN0THER"}), ("drill", {"BOOL": True}), ("recipient", {"S": "public"})],
)
def test_a_text_opens_for_nothing_else(
    services: Services, name: str, value: dict[str, Any]
) -> None:
    keep(services, a_notice())
    services.dynamodb.update_item(
        TableName=services.records.name,
        Key={"pk": {"S": f"BREACHNOTICE#{NOTICE}"}, "sk": {"S": "NOTICE"}},
        UpdateExpression="SET #name = :value",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":value": value},
    )
    with pytest.raises(SealBroken):
        services._breach_notices.get(NOTICE)


def test_what_was_stored_comes_back(services: Services) -> None:
    notice = a_notice(recipient=Recipient.CLIENTS)
    keep(services, notice)
    found = services._breach_notices.get(NOTICE)
    assert found == a_notice(recipient=Recipient.CLIENTS, revision=1)
    assert services._breach_notices.of_incident(INCIDENT) == [services._breach_notices.seen(NOTICE)]


def test_nothing_is_left_without_the_key(services: Services) -> None:
    keep(services, a_notice(state=State.APPROVED))
    scope = Scope.breach_notice(NOTICE)
    services.run_command(lambda: services.vault.destroy_actions(scope))
    services.vault.forget(scope)
    with pytest.raises(KeyDestroyed):
        services.notice_texts.of(Mail(ADDRESS, "id", VALUES))


def test_no_text_stands_in_clear(services: Services) -> None:
    keep(services, a_notice())
    items = services.dynamodb.scan(TableName=services.records.name)["Items"]
    assert "names was read" not in str(items)
    assert "still counting" not in str(items)

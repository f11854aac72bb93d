"""What SES reports is understood, in both of its forms, and never repeated in its own words."""

import json
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from chalicelib.notices.feedback import Feedback, UnknownMail, UnreadableReport
from chalicelib.notices.messages import State

ADDRESS = "reader@example.test"


@dataclass
class Store:
    """Notes what would be recorded; knows one receipt."""

    reported: list[tuple[str, State, str]] = field(default_factory=list)
    noted: list[tuple[str, str]] = field(default_factory=list)

    def report(self, message_id: str, state: State, reason: str) -> None:
        self.reported.append((message_id, state, reason))

    def note(self, message_id: str, reason: str) -> None:
        self.noted.append((message_id, reason))

    def message_of_receipt(self, receipt: str) -> str | None:
        return {"ses-1": "01JBYRECEIPT"}.get(receipt)


def report(kind: str, details: dict[str, Any], **mail: Any) -> str:
    """A notification of an identity, as SES documents it; with tags, an event of a set."""
    sent = {"messageId": "ses-1", "source": "privacy@jutsoo.test", "destination": [ADDRESS]} | mail
    name = "eventType" if "tags" in mail else "notificationType"
    return json.dumps({name: kind.capitalize(), "mail": sent, kind: details})


def bounce(kind: str = "Permanent", detail: str = "General", **mail: Any) -> str:
    recipient = {"emailAddress": ADDRESS, "diagnosticCode": f"smtp; 550 {ADDRESS} unknown"}
    details = {"bounceType": kind, "bounceSubType": detail, "bouncedRecipients": [recipient]}
    return report("bounce", details, **mail)


def complaint(kind: str | None) -> str:
    details = {"complainedRecipients": [{"emailAddress": ADDRESS}]}
    return report("complaint", details | ({"complaintFeedbackType": kind} if kind else {}))


@pytest.fixture
def store() -> Store:
    return Store()


def record(store: Store, body: str) -> None:
    Feedback(cast("Any", store)).record(body)


def delivery() -> str:
    details = {"recipients": [ADDRESS], "smtpResponse": f"250 ok {ADDRESS}"}
    return report("delivery", details)


@pytest.mark.parametrize(
    ("body", "state", "reason"),
    [
        (delivery(), State.DELIVERED, ""),
        (bounce(), State.BOUNCED, "permanent_general"),
        (bounce(detail="NoEmail"), State.BOUNCED, "permanent_noemail"),
        (bounce("Undetermined", "Undetermined"), State.BOUNCED, "undetermined_undetermined"),
        (bounce(detail=f"of {ADDRESS}"), State.BOUNCED, "permanent_other"),
        (complaint("abuse"), State.COMPLAINED, "abuse"),
        (complaint("auth-failure"), State.COMPLAINED, "auth_failure"),
        (complaint(ADDRESS), State.COMPLAINED, "other"),
        (complaint(None), State.COMPLAINED, "complaint"),
    ],
)
def test_an_end_is_reported_by_a_code(store: Store, body: str, state: State, reason: str) -> None:
    record(store, body)
    assert store.reported == [("01JBYRECEIPT", state, reason)]


def test_a_full_mailbox_is_noted_and_ends_nothing(store: Store) -> None:
    record(store, bounce("Transient", "MailboxFull"))
    assert (store.reported, store.noted) == ([], [("01JBYRECEIPT", "transient_mailboxfull")])


def test_our_own_tag_needs_no_receipt(store: Store) -> None:
    tags = {"ses:from-domain": ["jutsoo.test"], "jaga-message-id": ["01JBYTAG"]}
    record(store, bounce(messageId="ses-2", tags=tags))
    assert store.reported[0][0] == "01JBYTAG"


@pytest.mark.parametrize("tags", [None, {}, {"other": ["x"]}, {"jaga-message-id": []}])
def test_without_our_tag_the_receipt_leads_to_the_message(store: Store, tags: Any) -> None:
    record(store, bounce(tags=tags))
    assert store.reported[0][0] == "01JBYRECEIPT"


def test_a_report_that_came_too_early_comes_again(store: Store) -> None:
    with pytest.raises(UnknownMail):
        record(store, bounce(messageId="ses-2"))
    assert store.reported == []


def test_ses_greets_the_topic_once(store: Store) -> None:
    record(store, "Successfully validated SNS topic for Amazon SES event publishing.")
    assert (store.reported, store.noted) == ([], [])


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"bounce": {}}',
        '{"bounce": {"bounceType": "Permanent"}}',
        '{"complaint": {}}',
        '{"complaint": {}, "mail": {"messageId": 1}}',
        json.dumps({"notificationType": "Delivery", "mail": {"messageId": "ses-1"}}),
    ],
)
def test_what_is_no_report_is_refused(store: Store, body: str) -> None:
    with pytest.raises(UnreadableReport):
        record(store, body)

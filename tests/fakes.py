"""Hand-written stand-ins for the two sources of chance: time and identifiers."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


class FixedClock:
    """A clock that moves only when told."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def advance(self, step: timedelta) -> None:
        self._now += step

    def set(self, moment: datetime) -> None:
        self._now = moment


class SequentialIds:
    """Ids that look like ULIDs and count up."""

    def __init__(self) -> None:
        self._count = 0

    def new(self) -> str:
        self._count += 1
        return f"01JAGA{self._count:020d}"


POOLS = {
    "staff_pool_id": "ap-southeast-3_staff",
    "staff_client_id": "staff-client",
    "platform_pool_id": "ap-southeast-3_platform",
    "platform_client_id": "platform-client",
}
"""Settings of the user pools, where a test has none."""

MAIL = {
    "mail_from": "privacy@jutsoo.test",
    "mail_configuration_set": "jaga-test",
    "mail_queue_url": "https://sqs.ap-southeast-3.amazonaws.com/000000000000/mail",
    "webhook_queue_url": "https://sqs.ap-southeast-3.amazonaws.com/000000000000/webhooks",
    "work_queue_url": "https://sqs.ap-southeast-3.amazonaws.com/000000000000/work",
    "feedback_queue_url": "https://sqs.ap-southeast-3.amazonaws.com/000000000000/feedback",
    "findings_queue_url": "https://sqs.ap-southeast-3.amazonaws.com/000000000000/findings",
    "alert_address": "dpo@jutsoo.test,privacy@jutsoo.test",
    "alert_language": "en",
    "dpo_address": "officer@jutsoo.test",
    "second_dpo_address": "legal@jutsoo.test",
    "partner_key_id": "arn:aws:kms:ap-southeast-3:111122223333:key/3",
    "event_bus": "jaga-events",
    "opendsr_domain": "opendsr.jutsoo.test",
}
"""Settings of the ways out, where a test has none."""

"""The services of what goes out."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.aws import ONE_ATTEMPT
from chalicelib.services.foundation import Foundation
from chalicelib.telemetry import report_counts

if TYPE_CHECKING:
    from chalicelib.incidents.notices.store import BreachNoticeStore
    from chalicelib.incidents.notices.texts import NoticeTexts
    from chalicelib.notices.consumer import Consumer
    from chalicelib.notices.outbox import Outbox
    from chalicelib.notices.outbox_actions import OutboxActions
    from chalicelib.notices.outbox_store import OutboxStore
    from chalicelib.notices.relay import Relay
    from chalicelib.notices.stranded import Stranded
    from chalicelib.notices.telling.ledger import Ledger
    from chalicelib.notices.telling.store import TellingStore
    from chalicelib.notices.tracking import Tracking


class MessageServices(Foundation):
    """The outbox, its relay, mail and what becomes of it."""

    @cached_property
    def outbox(self) -> "Outbox":
        from chalicelib.notices.outbox import Outbox

        return Outbox(self.records, self.vault, self.clock, self.ids)

    @cached_property
    def outbox_store(self) -> "OutboxStore":
        from chalicelib.notices.outbox_store import OutboxStore
        from chalicelib.notices.telling.ledger import KINDS

        return OutboxStore(
            self.records,
            self.vault,
            self.clock,
            self.run_command,
            dict.fromkeys(KINDS, self.telling_ledger.follow),
        )

    @cached_property
    def telling_ledger(self) -> "Ledger":
        from chalicelib.notices.telling.ledger import Ledger

        return Ledger(self._tellings, self.clock)

    @cached_property
    def _tellings(self) -> "TellingStore":
        from chalicelib.notices.telling.store import TellingStore

        return TellingStore(self.records)

    @cached_property
    def outbox_actions(self) -> "OutboxActions":
        from chalicelib.notices.outbox_actions import OutboxActions

        return OutboxActions(self.records)

    @cached_property
    def tracking(self) -> "Tracking":
        from chalicelib.notices.tracking import Tracking

        return Tracking(self.outbox_store)

    @cached_property
    def relay(self) -> "Relay":
        from chalicelib.notices.messages import Channel
        from chalicelib.notices.relay import Relay

        settings = self.settings
        queues = {
            Channel.MAIL: settings.mail_queue_url,
            Channel.WEBHOOK: settings.webhook_queue_url,
            Channel.WORK: settings.work_queue_url,
        }
        return Relay(self.sqs, queues)

    @cached_property
    def stranded(self) -> "Stranded":
        from chalicelib.notices.stranded import Stranded

        return Stranded(self.records, self.outbox_store, self.relay, self.clock)

    @cached_property
    def mail_consumer(self) -> "Consumer":
        from chalicelib.incidents.notices.models import TEMPLATE
        from chalicelib.notices.consumer import Consumer
        from chalicelib.notices.delivery import MailDelivery
        from chalicelib.notices.mail import Composer
        from chalicelib.notices.ses import Ses

        settings = self.settings
        client = self._create_client("ses", config=ONE_ATTEMPT)
        delivery = MailDelivery(
            self.outbox_store,
            Composer(settings.mail_from, writers={TEMPLATE: self.notice_texts.of}),
            Ses(client, settings.mail_configuration_set),
            settings.mail_from,
            self.clock,
            lambda: report_counts("send_mail", settings.stage, {"dead": 1}),
        )
        return Consumer(self.sqs, settings.mail_queue_url, delivery.deliver)

    @cached_property
    def notice_texts(self) -> "NoticeTexts":
        from chalicelib.incidents.notices.texts import NoticeTexts

        return NoticeTexts(self._breach_notices)

    @cached_property
    def _breach_notices(self) -> "BreachNoticeStore":
        from chalicelib.incidents.notices.store import BreachNoticeStore

        return BreachNoticeStore(self.records, self.vault)

    @cached_property
    def feedback_consumer(self) -> "Consumer":
        from chalicelib.notices.consumer import Consumer
        from chalicelib.notices.feedback import Feedback

        feedback = Feedback(self.outbox_store)
        return Consumer(self.sqs, self.settings.feedback_queue_url, feedback.record)

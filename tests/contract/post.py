"""A post office for tests: the outbox on real tables, an SES that does as it is told."""

from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.notices.delivery import MailDelivery
from chalicelib.notices.mail import Composer, Writers
from chalicelib.notices.messages import Message
from chalicelib.notices.outbox_store import OutboxStore
from chalicelib.notices.ses import Ses
from chalicelib.services import Services

SENDER = "privacy@jutsoo.test"
ADDRESS = "reader@example.test"
CODE = "271828"


def refusal(code: str, text: str = "") -> ClientError:
    """What botocore raises when SES answers with `code`."""
    return ClientError({"Error": {"Code": code, "Message": text}}, "SendRawEmail")


@dataclass
class ToldSes:
    """SES's client: raises what `failures` holds, one after another, and takes the mail then.

    Its answers get lost as `lost_answers` says, one after another.
    """

    failures: list[Exception] = field(default_factory=list)
    lost_answers: list[Exception] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)

    def send_raw_email(self, **parameters: Any) -> dict[str, Any]:
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(parameters)
        if self.lost_answers:
            raise self.lost_answers.pop(0)
        return {"MessageId": f"ses-{len(self.taken)}"}

    @property
    def raw(self) -> list[bytes]:
        """The bytes of every mail that was taken."""
        return [each["RawMessage"]["Data"] for each in self.taken]


@dataclass
class Post:
    """An outbox and what serves it."""

    services: Services
    client: ToldSes = field(default_factory=ToldSes)
    dead: int = 0
    writers: Writers = field(default_factory=dict)

    @property
    def store(self) -> OutboxStore:
        return self.services.outbox_store

    def queue(self, to: str = ADDRESS, about: str | None = None) -> str:
        """Puts a code for `to` into the outbox; returns the message's id."""
        values = {"code": CODE, "minutes": "10"}
        queued = self.services.outbox.mail("sign_in_code", to, "en", values, about=about)
        self.services.run_command(lambda: queued.actions)
        return queued.message_id

    def delivery(self, store: OutboxStore | None = None) -> MailDelivery:
        """A consumer: of `store`, if given."""
        ses = Ses(self.client, "mail")
        return MailDelivery(
            store or self.store,
            Composer(SENDER, writers=self.writers),
            ses,
            SENDER,
            self.services.clock,
            self._count_dead,
        )

    def deliver(self, message_id: str, store: OutboxStore | None = None) -> None:
        """What the queue's message about `message_id` starts."""
        self.delivery(store).deliver(f'{{"id": "{message_id}"}}')

    def look(self, message_id: str) -> Message:
        message = self.store.get(message_id)
        assert message is not None
        return message

    def _count_dead(self) -> None:
        self.dead += 1


def parsed(raw: bytes) -> EmailMessage:
    """The mail as a reader's program takes it apart."""
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message

"""Sending a mail that a queue names: once, or as close to once as the world allows.

    claim (60 s) ─> open and compose ─> SES ─> mark as sent, with SES's id

A consumer that dies before SES leaves a claim, which lapses. One that dies after SES, before the
mark, makes the next one send a duplicate; it is the same mail to the byte, Message-ID included.
"""

import json
from collections.abc import Callable

from chalicelib.notices.consumer import Later
from chalicelib.notices.mail import Composer
from chalicelib.notices.messages import Mail, Message, UnfitForMail
from chalicelib.notices.outbox_store import OutboxStore
from chalicelib.notices.ses import MailRefused, MailUnavailable, Ses
from chalicelib.vault.errors import KeyDestroyed, SealBroken


class MailDelivery:
    """Sends the mails of the outbox. `on_dead` hears of each that is given up for good."""

    def __init__(
        self,
        store: OutboxStore,
        composer: Composer,
        ses: Ses,
        sender: str,
        on_dead: Callable[[], None],
    ) -> None:
        self._store = store
        self._composer = composer
        self._ses = ses
        self._sender = sender
        self._on_dead = on_dead

    def deliver(self, body: str) -> None:
        """Sends the mail that the queue's message `body` names, unless it went out already.

        Raises what should bring the message back: `Later` while another consumer is at it,
        `MailUnavailable`, and any error that somebody has to mend first.
        """
        message_id = str(json.loads(body)["id"])
        message = self._store.claim(message_id)
        if message is None:
            if (seconds := self._store.wait(message_id)) is not None:
                raise Later(seconds)
            return
        try:
            receipt = self._send(message, self._store.open_mail(message))
        except (KeyDestroyed, SealBroken, UnfitForMail, MailRefused) as end:
            # None of these passes: a key that ended, a seal, a value, SES's last word.
            if self._store.bury(message, end.code):
                self._on_dead()
        except MailUnavailable:
            self._store.release(message)
            raise
        else:
            self._store.mark_mail_sent(message.id, receipt)

    def _send(self, message: Message, mail: Mail) -> str:
        raw = self._composer.compose(message, mail)
        return self._ses.send(message.id, self._sender, mail.to, raw)

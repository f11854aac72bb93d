"""Sending a mail that a queue names: once, or as close to once as the world allows.

    claim (60 s) ─> open, compose ─> count the handover ─> SES ─> mark as sent, with SES's id

A consumer that dies before SES leaves a claim, which lapses. One that dies between SES and the
mark, or hears nothing from SES, leaves a handover whose outcome nobody knows: once its claim has
lapsed the next one sends the same mail to the byte, Message-ID included. A second such handover is
the last, so at most one duplicate ever leaves. What SES refuses is taken off the count.

A mail past the life of its template does not leave any more: a code that has ended helps nobody.
"""

import json
from collections.abc import Callable

from chalicelib.clock import Clock, from_millis
from chalicelib.notices.consumer import Later
from chalicelib.notices.mail import Composer
from chalicelib.notices.messages import TEMPLATES, Message, UnfitForMail
from chalicelib.notices.outbox_store import OutboxStore
from chalicelib.notices.ses import MailRefused, OutcomeUnknown, Ses
from chalicelib.vault.errors import KeyDestroyed, SealBroken

MOST_HANDOVERS = 2
"""How often a mail is handed to SES without our knowing what came of it."""


class MailDelivery:
    """Sends the mails of the outbox. `on_dead` hears of each that is given up for good.

    It does not hear of mails that expired: what kept them back has alarms of its own.
    """

    def __init__(
        self,
        store: OutboxStore,
        composer: Composer,
        ses: Ses,
        sender: str,
        clock: Clock,
        on_dead: Callable[[], None],
    ) -> None:
        self._store = store
        self._composer = composer
        self._ses = ses
        self._sender = sender
        self._clock = clock
        self._on_dead = on_dead

    def deliver(self, body: str) -> None:
        """Sends the mail that the queue's message `body` names, unless it went out already.

        Raises what should bring the message back: `Later` while another consumer is at it,
        `MailUnavailable`, `OutcomeUnknown`, and any error that somebody has to mend first.
        """
        message_id = str(json.loads(body)["id"])
        message = self._store.claim(message_id)
        if message is None:
            if (seconds := self._store.wait(message_id)) is not None:
                raise Later(seconds)
            return
        expired = self._clock.now() >= from_millis(message.at) + TEMPLATES[message.kind].life
        if message.handed == MOST_HANDOVERS or (message.handed and expired):
            self._give_up(message, OutcomeUnknown.code)
        elif expired:
            self._store.bury(message, "expired")
        else:
            self._attempt(message)

    def _attempt(self, message: Message) -> None:
        try:
            receipt = self._send(message)
        except (KeyDestroyed, SealBroken, UnfitForMail, MailRefused) as end:
            # None of these passes: a key that ended, a seal, a value, SES's last word.
            self._give_up(message, end.code)
        else:
            self._store.mark_mail_sent(message.id, receipt)

    def _send(self, message: Message) -> str:
        mail = self._store.open_mail(message)
        raw = self._composer.compose(message, mail)
        # Counted before it happens: whoever dies over it cannot count it afterwards.
        if not self._store.hand_over(message):
            raise Later(self._store.wait(message.id) or 1)
        try:
            return self._ses.send(message.id, self._sender, mail.to, raw)
        except (MailRefused, OutcomeUnknown):
            raise  # the one ends it; the other keeps the claim, lest the next one comes at once
        except Exception:
            self._store.release(message)
            raise

    def _give_up(self, message: Message, reason: str) -> None:
        if self._store.bury(message, reason):
            self._on_dead()

"""What SES reports of a mail that it took: it was delivered, bounced, or its reader complained.

SES ─> topic ─> queue, as the JSON of "Amazon SNS notification contents for Amazon SES". It holds
the reader's address, so topic and queue are encrypted with our key and nothing of it is kept but a
code. A report names our message by the tag that we sent, or SES's own id, which stands beside the
message once it is marked as sent.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from chalicelib.errors import Internal, Unavailable
from chalicelib.notices.messages import State
from chalicelib.notices.outbox_store import OutboxStore
from chalicelib.notices.ses import MESSAGE_TAG

_GREETING = "Successfully validated SNS topic"
"""How the text begins that SES sends when it is connected with the topic. It concerns no mail."""

_WORD = re.compile(r"[A-Za-z-]{1,40}")


class UnreadableReport(Internal):
    """The report is none that SES documents."""

    code = "unreadable_report"


class UnknownMail(Unavailable):
    """No mail is known by SES's id: the report may have come before the mail was marked as sent."""

    code = "unknown_mail"


class Feedback:
    """Records reports on the messages that they are about."""

    def __init__(self, store: OutboxStore) -> None:
        self._store = store

    def record(self, body: str) -> None:
        """Records the report `body`, of any order and as often as it comes.

        Raises `UnknownMail` when it came too early, `UnreadableReport`.
        """
        if body.startswith(_GREETING):
            return
        match _report(body):
            case {"delivery": {**_details}} as report:
                self._store.report(self._message_id(report), State.DELIVERED, "")
            case {"bounce": {"bounceType": str(kind), **details}} as report:
                self._bounced(report, kind, details.get("bounceSubType"))
            case {"complaint": {**details}} as report:
                reason = _code(details.get("complaintFeedbackType") or "complaint")
                self._store.report(self._message_id(report), State.COMPLAINED, reason)
            case _:
                raise UnreadableReport

    def _bounced(self, report: Mapping[str, Any], kind: str, detail: object) -> None:
        message_id = self._message_id(report)
        reason = f"{_code(kind)}_{_code(detail)}"
        if kind == "Transient":
            # A full mailbox, a holiday note: SES tries on, or the mail was even read.
            self._store.note(message_id, reason)
        else:
            self._store.report(message_id, State.BOUNCED, reason)

    def _message_id(self, report: Mapping[str, Any]) -> str:
        match report:
            case {"mail": {"messageId": str(receipt)} as sent}:
                known = _tagged(sent) or self._store.message_of_receipt(receipt)
                if known is None:
                    raise UnknownMail
                return known
        raise UnreadableReport


def _report(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise UnreadableReport from None


def _tagged(sent: Mapping[str, Any]) -> str | None:
    values = (sent.get("tags") or {}).get(MESSAGE_TAG) or [None]
    return values[0] if isinstance(values[0], str) else None


def _code(word: object) -> str:
    """A word of SES's vocabulary as a stable code; what is no such word is not repeated."""
    if not isinstance(word, str) or not _WORD.fullmatch(word):
        return "other"
    return word.replace("-", "_").lower()

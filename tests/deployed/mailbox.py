"""The embedded SES's mailbox: what it delivered, read back."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from infra.local.aws import ACCOUNT
from infra.local.stack import Stack

_PATIENCE_SECONDS = 60
_PAUSE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Delivered:
    """One mail as its reader finds it."""

    sender: str
    subject: str
    text: str
    html: str


def mails_to(stack: Stack, address: str) -> list[Delivered]:
    """Every mail to `address`, oldest first."""
    return [
        Delivered(mail["Source"], mail["Subject"], mail["BodyText"], mail["BodyHtml"] or "")
        for mail in _messages(stack)
        if address in mail["To"]
    ]


def wait_for_mail(stack: Stack, address: str, *, count: int = 1) -> Delivered:
    """The newest mail to `address` once there are `count`; fails after a minute."""

    def arrived() -> Delivered | None:
        found = mails_to(stack, address)
        return found[-1] if len(found) >= count else None

    return wait_until(arrived)


def wait_until[T](look: Callable[[], T | None]) -> T:
    """What `look` finds as soon as it finds something; fails after a minute."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not (found := look()):
        # No more words: what is waited for may be a canary.
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(_PAUSE_SECONDS)
    return found


def _messages(stack: Stack) -> list[dict[str, Any]]:
    answer = httpx.get(f"{stack.endpoint_url}/_ministack/ses/messages", timeout=10)
    return list(answer.raise_for_status().json()["messages"].get(ACCOUNT, []))

"""Writing to one reader: the mail in the outbox, and what the ledger says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.errors import InvalidInput
from chalicelib.notices.outbox import Outbox
from chalicelib.notices.telling.models import Channel, Outcome, Reader, Told
from chalicelib.tables.transactions import Action


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail by its template and values; `about` names its line of the ledger."""

    template: str
    values: Mapping[str, str]
    about: str


def unaddressed(reader_id: str, reader: Reader, now: datetime) -> Told:
    """The line of somebody to whom no mail goes."""
    return Told(reader_id, Channel.NONE, reader.language, None, now, Outcome.NO_ADDRESS, now)


def addressed(
    outbox: Outbox, letter: Letter, line: Told, reader: Reader, moment: datetime
) -> tuple[Told, list[Action]]:
    """`line` once the letter is queued for the reader's address, to go out at `moment`; the writes.

    Without an address there are none.
    """
    if not reader.email:
        return line, []
    try:
        mail = outbox.mail(
            letter.template,
            reader.email,
            reader.language,
            letter.values,
            about=letter.about,
            delay=moment - line.queued_at,
        )
    except InvalidInput as unfit:  # one address that no mail can go to holds up nobody else
        return replace(line, outcome=Outcome.DEAD, reason=unfit.code), []
    mailed = replace(
        line, channel=Channel.EMAIL, message_id=mail.message_id, outcome=Outcome.QUEUED
    )
    return mailed, mail.actions

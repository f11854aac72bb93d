"""From a message and its values to the bytes of a mail (RFC 5322, RFC 2046 multipart/alternative).

A mail is three templates, `<name>.<language>.subject.txt`, `.txt` and `.html`; or a writer says
what is in it, whose text is frozen elsewhere and named by the mail's values. Jinja2 never reads
what a value holds as a template; HTML is escaped, a value is one line (`check_values`), and headers
are made by `email`, which refuses line ends. So a hostile value stays where the template puts it.

The same message always gives the same bytes: a duplicate is recognisable as one.
"""

import re
from collections.abc import Callable, Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from chalicelib.clock import from_millis
from chalicelib.notices.messages import Mail, Message, UnfitForMail, check_values
from chalicelib.notices.models import Language

TEMPLATE_FOLDER = Path(__file__).parent / "templates"
ID_HEADER = "X-Jaga-Message-Id"
"""Names the message in the outbox. SES puts a Message-ID of its own in place of ours."""

_WIRE = SMTP.clone(cte_type="7bit")  # whatever relays stand on the way
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_ATOM = re.compile(rf"{_ATOM}(\.{_ATOM})*@[A-Za-z0-9.-]+")
_SENDER_NAMES: dict[Language, str] = {"en": "Jutsoo privacy office", "id": "Kantor privasi Jutsoo"}


class Parts(NamedTuple):
    """What a reader sees of a mail."""

    subject: str
    text: str
    html: str


type Writers = Mapping[str, Callable[[Mail], Parts]]
"""By the name of a mail that has no templates who writes it."""


class Composer:
    """Writes mails from `sender`, an address."""

    def __init__(
        self, sender: str, folder: Path = TEMPLATE_FOLDER, writers: Writers | None = None
    ) -> None:
        self._sender = sender
        self._writers = writers or {}
        self._domain = sender.rpartition("@")[2]
        self._templates = Environment(
            loader=FileSystemLoader(folder),
            undefined=StrictUndefined,
            autoescape=select_autoescape(["html"]),
        )

    def compose(self, message: Message, mail: Mail) -> bytes:
        """The whole mail, ready for the wire.

        Raises `UnfitForMail` for a value of more than a line or an address other than RFC 5322's
        dot-atoms (RFC 6531's alphabets are not taken everywhere), Jinja2's errors for a template
        that asks for more, what a writer raises.
        """
        check_values(mail.values)
        parts = self._parts(message.kind, mail)
        composed = EmailMessage(policy=_WIRE)
        composed["From"] = Address(_SENDER_NAMES[mail.language], addr_spec=self._sender)
        composed["To"] = _recipient(mail.to)
        composed["Subject"] = parts.subject
        composed["Date"] = format_datetime(from_millis(message.at))
        composed["Message-ID"] = f"<{message.id}@{self._domain}>"
        composed[ID_HEADER] = message.id
        composed["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes, please
        composed.set_content(parts.text)
        composed.add_alternative(parts.html, subtype="html")
        composed["Content-Language"] = mail.language  # now: it would have gone along with the text
        # Not at random, for the same bytes each time. No value can hold it: they were given before.
        composed.set_boundary(f"=_{message.id}")
        return composed.as_bytes()

    def _parts(self, kind: str, mail: Mail) -> Parts:
        if kind in self._writers:
            return self._writers[kind](mail)
        return Parts(
            self._render(kind, mail, "subject.txt").strip(),
            self._render(kind, mail, "txt"),
            self._render(kind, mail, "html"),
        )

    def _render(self, template: str, mail: Mail, part: str) -> str:
        found = self._templates.get_template(f"{template}.{mail.language}.{part}")
        return found.render(mail.values, language=mail.language)


def _recipient(address: str) -> Address:
    # Quoted local parts are nobody's address, and punctuation is how headers are broken out of.
    if not _DOT_ATOM.fullmatch(address):
        raise UnfitForMail("to")
    return Address(addr_spec=address)

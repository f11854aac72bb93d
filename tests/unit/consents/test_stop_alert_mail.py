"""What the mail of a stop order's alert looks like."""

from typing import cast

import pytest

from chalicelib.notices.mail import Composer
from chalicelib.notices.messages import Channel, Mail, Message, State
from chalicelib.notices.models import Language
from tests.contract.post import ADDRESS, SENDER, parsed

MANY = "; ".join(f"PT Pengolah & Data {number:02d} {'x' * 58}" for number in range(40))
VALUES = {
    "stop_order": "01JRECORD00000000000000000",
    "purpose": "third_party_integration",
    "processors": MANY,
    "law": "UU PDP 27/2022",
    "article": "40",
    "stop_by": "2026-11-26T10:00:00.000Z",
}


@pytest.mark.parametrize(
    ("hours", "english", "indonesian"),
    [
        (48, "has to stop in 48 hours", "harus berhenti dalam 48 jam"),
        (1, "has to stop in 1 hour", "harus berhenti dalam 1 jam"),
        (0, "has to stop now", "harus berhenti sekarang"),
        (-24, "had to stop", "seharusnya sudah berhenti"),
    ],
)
def test_an_alert_reads_well_however_many_it_waits_for(
    hours: int, english: str, indonesian: str
) -> None:
    message = Message(
        "01JMESSAGE", Channel.MAIL, "stop_alert", State.SENDING, 1_795_428_000_000, 2, item={}
    )
    for language, subject in (("en", english), ("id", indonesian)):
        mail = Mail(ADDRESS, cast("Language", language), {**VALUES, "hours": str(hours)})
        sent = parsed(Composer(SENDER).compose(message, mail))
        assert str(sent["Subject"]).endswith(subject)
        text, html = sent.get_body(("plain",)), sent.get_body(("html",))
        assert text is not None
        assert html is not None
        assert MANY in text.get_content()
        assert MANY.replace("&", "&amp;") in html.get_content()
        assert f"{abs(hours)} " in text.get_content() or hours == 0

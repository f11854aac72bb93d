"""What the mail about a hold to review looks like."""

from typing import cast

import pytest

from chalicelib.notices.mail import Composer
from chalicelib.notices.messages import Channel, Mail, Message, State
from chalicelib.notices.models import Language
from chalicelib.retention.targets import TargetKind
from tests.contract.post import ADDRESS, SENDER, parsed

VALUES = {
    "hold_id": "01JH0LD0000000000000000000",
    "placed_at": "2026-11-23T10:00:00.000Z",
    "review_at": "2026-12-23T10:00:00.000Z",
}
KINDS = {"client": "klien", "person": "perseorangan", "category": "kategori", "case": "perkara"}


def texts(language: str, **values: str) -> tuple[str, str, str]:
    """Subject, text and HTML."""
    message = Message(
        "01JMESSAGE", Channel.MAIL, "hold_review", State.SENDING, 1_795_428_000_000, 2, item={}
    )
    mail = Mail(ADDRESS, cast("Language", language), {**VALUES, **values})
    sent = parsed(Composer(SENDER).compose(message, mail))
    text, html = sent.get_body(("plain",)), sent.get_body(("html",))
    assert text is not None
    assert html is not None
    return str(sent["Subject"]), text.get_content(), html.get_content()


@pytest.mark.parametrize(
    ("days", "english", "indonesian"),
    [
        (7, "to be reviewed in 7 days", "harus ditinjau dalam 7 hari"),
        (1, "to be reviewed in 1 day", "harus ditinjau dalam 1 hari"),
        (0, "to be reviewed now", "harus ditinjau sekarang"),
        (-7, "was to be reviewed", "seharusnya sudah ditinjau"),
    ],
)
def test_a_reminder_says_how_long_is_left(days: int, english: str, indonesian: str) -> None:
    for language, ending in (("en", english), ("id", indonesian)):
        subject, *bodies = texts(language, kind="person", days=str(days))
        assert subject.endswith(ending)
        for each in bodies:
            assert VALUES["hold_id"] in each
            assert VALUES["review_at"] in each
            assert "-7" not in each
            assert f"{abs(days)} " in each or days == 0


def test_every_kind_of_target_has_its_words() -> None:
    assert set(KINDS) == {each.value for each in TargetKind}
    for kind, word in KINDS.items():
        assert f"On: a {kind}" in texts("en", kind=kind, days="7")[1]
        assert f"Atas: {word}" in texts("id", kind=kind, days="7")[1]

"""What a mail looks like, and that nothing that somebody typed gets out of its place in it."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import cast

import pytest
from jinja2 import Environment, FileSystemLoader, UndefinedError, meta

from chalicelib.identity.codes import CODE_LIFE
from chalicelib.notices.mail import TEMPLATE_FOLDER, Composer, Parts
from chalicelib.notices.messages import (
    TEMPLATES,
    Channel,
    Mail,
    Message,
    State,
    UnfitForMail,
    check_values,
)
from chalicelib.notices.models import LANGUAGES, Language
from chalicelib.requests.models import RequestType
from tests.contract.post import ADDRESS, CODE, SENDER, parsed

VALUES = {"code": CODE, "minutes": "10"}
PARTS = ("subject.txt", "txt", "html")
FROM_FILES = [name for name, template in TEMPLATES.items() if not template.written]
ONE_LINERS = [
    "<script>alert(1)</script>",
    "</p><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "{{ 7 * 7 }}",
    "{% for x in y %}",
    "{{ self.__init__.__globals__ }}",
    "=?utf-8?q?=0D=0ABcc:_victim@example.test?=",
    "--=_01JMESSAGE--",
    "Bcc: victim@example.test",
]
BREAKS = [
    "a\r\nBcc: victim@example.test",
    "a\nBcc: victim@example.test",
    "a\rb",
    "a\x00b",
    "a\x1b[31mb",
    "a\x0bb",
    "a\x85b",
    "a\u2028b",
    "a\u2029b",
    "a\u202egnp.exe",
    "a\u2066b\u2069",
    "a\u200bb",
    "a\ufeffb",
    "a\ud800b",
]


def message(kind: str = "sign_in_code") -> Message:
    return Message("01JMESSAGE", Channel.MAIL, kind, State.SENDING, 1_795_428_000_000, 2, item={})


def bodies(raw: bytes) -> tuple[str, str]:
    """The text and the HTML of a mail."""
    mail = parsed(raw)
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    return tuple(part.get_content().replace("\r\n", "\n") for part in (text, html))


class Seen(HTMLParser):
    """The elements and attributes that a reader's program finds."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs


# --- the mails that there are ------------------------------------------------------------------


def placeholders(name: str, language: Language, part: str) -> set[str]:
    text = (TEMPLATE_FOLDER / f"{name}.{language}.{part}").read_text("utf-8")
    environment = Environment(loader=FileSystemLoader(TEMPLATE_FOLDER), autoescape=True)
    return meta.find_undeclared_variables(environment.parse(text))


def test_every_mail_has_its_files_and_every_file_its_mail() -> None:
    expected = {
        f"{name}.{language}.{part}"
        for name in FROM_FILES
        for language in LANGUAGES
        for part in PARTS
    }
    assert {path.name for path in TEMPLATE_FOLDER.iterdir()} == expected | {"layout.html"}


@pytest.mark.parametrize("name", FROM_FILES)
def test_the_languages_have_the_same_placeholders(name: str) -> None:
    for part in PARTS:
        assert placeholders(name, "en", part) == placeholders(name, "id", part), part
    for part in ("txt", "html"):
        assert placeholders(name, "en", part) == TEMPLATES[name].values, part


@pytest.mark.parametrize("type_", RequestType)
@pytest.mark.parametrize(
    ("hours", "english", "indonesian"),
    [
        (48, "due in 48 hours", "dalam 48 jam"),
        (1, "due in 1 hour\n", "dalam 1 jam"),
        (0, "due now", "sekarang"),
        (-24, "overdue", "melewati tenggat"),
    ],
)
def test_an_alert_reads_well_for_every_type(
    type_: RequestType, hours: int, english: str, indonesian: str
) -> None:
    values = dict.fromkeys(TEMPLATES["request_alert"].values, "x")
    values |= {"hours": str(hours), "type": type_.value}
    for language, expected in (("en", english), ("id", indonesian)):
        mail = Mail(ADDRESS, cast("Language", language), values)
        raw = Composer(SENDER).compose(message("request_alert"), mail)
        assert expected.strip() in f"{parsed(raw)['Subject']}\n"
        for body in bodies(raw):
            assert language == "en" or "_" not in body
            assert "-24" not in body


@pytest.mark.parametrize("name", ["request_code", "sign_in_code"])
def test_a_code_is_mailed_for_as_long_as_it_lasts(name: str) -> None:
    assert TEMPLATES[name].life == CODE_LIFE


@pytest.mark.parametrize("name", FROM_FILES)
def test_no_subject_repeats_a_code(name: str) -> None:
    """Subjects show on locked screens and in what SES reports of a mail."""
    for language in LANGUAGES:
        assert "code" not in placeholders(name, language, "subject.txt")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_is_in_both_bodies_with_who_writes_and_how_long_it_lasts(
    language: Language,
) -> None:
    raw = Composer(SENDER).compose(message(), Mail(ADDRESS, language, VALUES))
    words = {"en": ("ignore this message", "10 minutes"), "id": ("abaikan", "10 menit")}[language]
    for body in bodies(raw):
        assert CODE in body
        assert "Jutsoo" in body
        for word in words:
            assert word in body


@pytest.mark.parametrize("language", LANGUAGES)
def test_html_says_its_language_loads_nothing_and_is_readable_in_the_dark(
    language: Language,
) -> None:
    _, html = bodies(Composer(SENDER).compose(message(), Mail(ADDRESS, language, VALUES)))
    seen = Seen(html)
    assert ("lang", language) in seen.attributes
    assert not {"img", "script", "link", "iframe", "object"} & set(seen.elements)
    assert not {"src", "href", "background"} & {name for name, _ in seen.attributes}
    assert "url(" not in html
    assert "@import" not in html
    assert "prefers-color-scheme: dark" in html
    assert ("content", "light dark") in seen.attributes


def test_the_headers_say_who_when_and_which() -> None:
    mail = parsed(Composer(SENDER).compose(message(), Mail(ADDRESS, "id", VALUES)))
    assert {name: mail[name] for name in mail if not name.startswith("Content-T")} == {
        "From": f"Kantor privasi Jutsoo <{SENDER}>",
        "To": ADDRESS,
        "Subject": "Kode masuk Anda",
        "Date": "Mon, 23 Nov 2026 10:00:00 +0000",
        "Message-ID": "<01JMESSAGE@jutsoo.test>",
        "X-Jaga-Message-Id": "01JMESSAGE",
        "Content-Language": "id",
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
    }


def test_the_same_message_gives_the_same_bytes() -> None:
    mail = Mail(ADDRESS, "en", VALUES)
    assert Composer(SENDER).compose(message(), mail) == Composer(SENDER).compose(message(), mail)


def test_a_writer_gives_what_no_file_does() -> None:
    said = Parts("Ihre Daten", "Zeile eins\n\nZeile zwei\n", "<p>Zeile eins</p>\n")
    asked: list[Mail] = []

    def write(mail: Mail) -> Parts:
        asked.append(mail)
        return said

    mail = Mail(ADDRESS, "id", {"incident_id": "01JINCIDENT", "notice_id": "01JNOTICE"})
    composer = Composer(SENDER, writers={"breach_notice": write})
    raw = composer.compose(message("breach_notice"), mail)
    assert asked == [mail]
    assert (parsed(raw)["Subject"], *bodies(raw)) == said


# --- hostile values ----------------------------------------------------------------------------


@pytest.fixture
def naming(tmp_path: Path) -> Composer:
    """A composer whose one mail puts a name into subject, text and HTML."""
    for name, text in {
        "subject.txt": "Hello {{ name }}\n",
        "txt": "Dear {{ name }},\nbye\n",
        "html": '<p title="{{ name }}">Dear {{ name }}</p>\n',
    }.items():
        (tmp_path / f"hello.en.{name}").write_text(text, "utf-8")
    return Composer(SENDER, tmp_path)


@pytest.mark.parametrize("name", ONE_LINERS)
def test_a_hostile_name_stays_in_its_place(naming: Composer, name: str) -> None:
    raw = naming.compose(message("hello"), Mail(ADDRESS, "en", {"name": name}))
    mail = parsed(raw)
    plain = parsed(naming.compose(message("hello"), Mail(ADDRESS, "en", {"name": "Ani"})))
    assert mail.keys() == plain.keys()
    assert [part.get_content_type() for part in mail.walk()] == [
        part.get_content_type() for part in plain.walk()
    ]
    assert mail["To"] == ADDRESS
    assert mail["Bcc"] is None
    text, html = bodies(raw)
    assert text == f"Dear {name},\nbye\n"
    seen = Seen(html)
    assert seen.elements == ["p"]
    assert seen.attributes == [("title", name)]


@pytest.mark.parametrize("name", BREAKS)
def test_a_name_of_more_than_a_line_makes_no_mail(naming: Composer, name: str) -> None:
    with pytest.raises(UnfitForMail) as refused:
        naming.compose(message("hello"), Mail(ADDRESS, "en", {"name": name}))
    assert name not in str(refused.value)
    assert [(each.field, each.code) for each in refused.value.fields] == [("name", "not_one_line")]


@pytest.mark.parametrize("name", ["Ani Wijaya", "Jürgen O'Neill & Söhne", "李小龍", "Ñ 👋", ""])
def test_an_honest_name_arrives_as_it_was_typed(naming: Composer, name: str) -> None:
    check_values({"name": name})
    raw = naming.compose(message("hello"), Mail(ADDRESS, "en", {"name": name}))
    assert raw.isascii()
    assert parsed(raw)["Subject"] == f"Hello {name}".strip()
    assert bodies(raw)[0].startswith(f"Dear {name},")


def test_every_line_fits_smtp(naming: Composer) -> None:
    raw = naming.compose(message("hello"), Mail(ADDRESS, "en", {"name": "x" * 3000}))
    assert max(map(len, re.split(rb"\r\n", raw))) <= 998  # RFC 5322, section 2.1.1
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_a_template_that_asks_for_more_is_an_error(naming: Composer) -> None:
    with pytest.raises(UndefinedError):
        naming.compose(message("hello"), Mail(ADDRESS, "en", {}))


@pytest.mark.parametrize("address", ["jörg@example.test", "ani@bücher.test"])
def test_an_address_beyond_ascii_is_no_address_of_smtp(address: str) -> None:
    with pytest.raises(UnfitForMail):
        Composer(SENDER).compose(message(), Mail(address, "en", VALUES))


@pytest.mark.parametrize(
    "address",
    [
        "a,b@example.test",
        "a<b@example.test",
        '"x y"@example.test',
        "a;b@example.test",
        "(a)@b.test",
    ],
)
def test_an_address_with_a_headers_punctuation_makes_no_mail(address: str) -> None:
    """`normalise` lets it through."""
    with pytest.raises(UnfitForMail):
        Composer(SENDER).compose(message(), Mail(address, "en", VALUES))

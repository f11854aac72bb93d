"""Every date explained in both languages, and the catalogues themselves."""

from dataclasses import replace
from datetime import UTC, datetime
from string import Formatter
from typing import Any

import pytest

from chalicelib.law.case import Case, Pause
from chalicelib.law.clocks import deadline, deadlines
from chalicelib.law.deadline import Deadline, Plain
from chalicelib.law.explain import Language, catalogue, explain
from chalicelib.law.models import PauseReason
from chalicelib.law.packs import JURISDICTIONS, pack

RECEIVED = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
LANGUAGES: tuple[Language, ...] = ("en", "id")
PAUSES = tuple(
    Pause(reason, datetime(2026, 4, 2, 9, tzinfo=UTC), datetime(2026, 4, 4, 9, tzinfo=UTC))
    for reason in PauseReason
)


def flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in table.items():
        name = f"{prefix}{key}"
        found |= flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return found


def placeholders(value: str | list[str]) -> list[set[str]]:
    texts = [value] if isinstance(value, str) else value
    return [{name for _, name, _, _ in Formatter().parse(text) if name} for text in texts]


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    english, indonesian = (flat(catalogue(language)) for language in LANGUAGES)
    assert english.keys() == indonesian.keys()
    for key, value in english.items():
        assert placeholders(value) == placeholders(indonesian[key]), key


def test_no_sentence_is_left_untranslated() -> None:
    english, indonesian = (catalogue(language)["sentences"] for language in LANGUAGES)
    assert [key for key, text in english.items() if indonesian[key] == text] == []


def every_deadline() -> list[Deadline]:
    """Each rule with a limit, plain, with every pause, and extended where it can be."""
    found = []
    for law in map(pack, JURISDICTIONS):
        for rule in (each for each in law.rules if each.limit is not None):
            cases = [Case(received_at=RECEIVED), Case(received_at=RECEIVED, pauses=PAUSES)]
            if rule.extension is not None:
                cases.append(Case(received_at=RECEIVED, pauses=PAUSES, extended=True))
            found += [deadline(law, rule, case) for case in cases]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_is_explained(language: Language) -> None:
    for found in every_deadline():
        sentences = explain(found, language)
        assert len(sentences) >= 3
        assert all(text.endswith(".") and "{" not in text for text in sentences)
        assert found.article in sentences[1]


def test_every_sentence_is_said_at_some_time() -> None:
    dates = [
        *every_deadline(),
        *deadlines({"eu": "DE"}, "access", Case(received_at=datetime(2026, 4, 1, 9, tzinfo=UTC))),
        *deadlines({"eu": None}, "access", Case(received_at=datetime(2026, 3, 25, 9, tzinfo=UTC))),
    ]
    said = {reason.split(":")[0] for each in dates for reason in each.reasons}
    closing = {"due", "keep", "unpaused", "notice_by"}
    assert said | closing == set(catalogue("en")["sentences"])


def test_an_explanation_in_english() -> None:
    [found] = deadlines(
        {"eu": "DE"}, "access", Case(received_at=datetime(2026, 3, 31, 22, 30, tzinfo=UTC))
    )
    assert explain(found, "en") == (
        (
            "The clock started when we received it: Wednesday, 1 April 2026 at 00:30"
            " (Europe/Berlin, UTC+02:00)."
        ),
        "The law gives 1 month (GDPR, Article 12(3)).",
        "Friday, 1 May 2026 is a public holiday, so the end moves to the next day.",
        "Saturday, 2 May 2026 is no working day, so the end moves to the next day.",
        "Sunday, 3 May 2026 is no working day, so the end moves to the next day.",
        "It is due by Monday, 4 May 2026 at 24:00 (Europe/Berlin).",
    )


def test_an_explanation_in_indonesian() -> None:
    [found] = deadlines({"id": None}, "access", Case(received_at=RECEIVED))
    assert explain(found, "id") == (
        (
            "Waktu mulai dihitung saat kami menerimanya: Selasa, 31 Maret 2026 pukul 16.30"
            " (Asia/Jakarta, UTC+07:00)."
        ),
        "Hukum memberi waktu 72 jam (UU PDP 27/2022, Pasal 32).",
        "Jam dihitung terus-menerus: melewati malam, akhir pekan, hari libur, dan perubahan jam.",
        "Tenggatnya Jumat, 3 April 2026 pukul 16.30 (Asia/Jakarta, UTC+07:00).",
    )


def test_the_safe_date_and_the_notice_are_told() -> None:
    law = pack("eu")
    rule = law.rule_for("access", RECEIVED.date())
    assert rule is not None
    found = deadline(law, rule, Case(received_at=RECEIVED, pauses=PAUSES, extended=True))
    *_, due, unpaused, notice = explain(found, "en")
    assert "Thursday, 2 July 2026 at 24:00" in due
    assert "Tuesday, 30 June 2026 at 24:00" in unpaused
    assert "Thursday, 30 April 2026 at 24:00" in notice


def test_a_western_offset_has_its_sign() -> None:
    [found] = deadlines({"us-ca": None}, "access", Case(received_at=RECEIVED))
    assert "at 02:30 (America/Los_Angeles, UTC-07:00)" in explain(found, "en")[0]


def test_a_reason_without_words_is_refused() -> None:
    [found] = deadlines({"id": None}, "access", Case(received_at=RECEIVED))
    values = found.to_values() | {"reasons": "limit:hours"}
    with pytest.raises(ValueError, match="no reason that has words"):
        explain(Deadline.from_values(values), "en")


FROZEN: dict[str, Plain] = {
    "pack": "eu",
    "version": "2026.1",
    "rule": "request",
    "law": "GDPR",
    "article": "12(3)",
    "place": "EU",
    "zone": "Europe/Brussels",
    "extended": True,
    "keep": False,
    "received_at": 1738324800000,
    "started_at": 1738324800000,
    "due_at": 1746050400000,
    "unpaused_due_at": 1746050400000,
    "due_on": "2025-04-30",
    "notice_by": 1740783600000,
    "reasons": "start_receipt limit:months:1 extended:months:3 clamped:31:2025-04-30",
}
"""A deadline as a request keeps it: what was once written is read for ever."""


def test_a_frozen_deadline_stays_readable_and_computes_the_same() -> None:
    read = Deadline.from_values(FROZEN)
    assert read.to_values() == FROZEN
    assert "Wednesday, 30 April 2025 at 24:00 (Europe/Brussels)" in explain(read, "en")[4]
    again = deadlines({"eu": None}, "access", Case(received_at=read.received_at, extended=True))
    (now,) = again
    assert replace(now, version=read.version) == read

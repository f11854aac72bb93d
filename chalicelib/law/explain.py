"""Why a date is what it is, in words that a lay person follows. The words are in `texts/`."""

import tomllib
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from chalicelib.law.deadline import Deadline

DIRECTORY = Path(__file__).parent / "texts"

type Language = Literal["en", "id"]


def explain(deadline: Deadline, language: Language) -> tuple[str, ...]:
    """`deadline` in sentences: start, limit and article, what moved the date and why, the end.

    Needs nothing but the frozen value, so that an explanation outlives the pack's version.
    """
    words = _Words(language, deadline)
    sentences = [words.reason(each) for each in deadline.reasons]
    sentences.append(words.sentence("keep" if deadline.keep else "due", end=words.end()))
    if deadline.due_at != deadline.unpaused_due_at:
        sentences.append(words.sentence("unpaused", end=words.end_at(deadline.unpaused_due_at)))
    if deadline.extended and deadline.notice_by is not None:
        sentences.append(words.sentence("notice_by", end=words.end_at(deadline.notice_by)))
    return tuple(sentences)


def moment(at: datetime, zone: str, language: Language) -> str:
    """`at` (aware) to the minute in `zone`, with the offset from UTC."""
    forms, there = catalogue(language)["forms"], at.astimezone(ZoneInfo(zone))
    return str(
        forms["moment"].format(
            day=_day(there.date(), language),
            time=there.strftime(forms["time"]),
            zone=zone,
            offset=_offset(there),
        )
    )


@cache
def catalogue(language: Language) -> dict[str, Any]:
    """The words of one language, read once per process."""
    return tomllib.loads((DIRECTORY / f"{language}.toml").read_text("utf-8"))


class _Words:
    """One language's words for one deadline, with its days in its own zone."""

    def __init__(self, language: Language, deadline: Deadline) -> None:
        self._language: Language = language
        self._words = catalogue(language)
        self._deadline = deadline
        self._zone = ZoneInfo(deadline.zone)

    def sentence(self, key: str, **values: str) -> str:
        return str(self._words["sentences"][key]).format(**values)

    def reason(self, reason: str) -> str:
        """The sentence of a frozen reason: a key, and values after colons."""
        match reason.split(":"):
            case [("limit" | "policy_limit" | "promise_limit" | "extended") as key, unit, amount]:
                return self.sentence(key, source=self._source(), period=self._period(unit, amount))
            case ["waited", days]:
                return self.sentence("waited", period=self._period("days", days))
            case ["clamped", number, day]:
                return self.sentence(
                    "clamped", number=number, day=self._day(date.fromisoformat(day))
                )
            case [("saturday" | "sunday" | "holiday" | "left_out") as key, day]:
                return self.sentence(key, day=self._day(date.fromisoformat(day)))
            case [key] if key.startswith("start_"):
                return self.sentence(key, moment=self._moment(self._deadline.started_at))
            case [key]:
                return self.sentence(key)
        raise ValueError("no reason that has words")

    def end(self) -> str:
        """The due moment: a day's 24:00 where the law counts days, else to the minute."""
        return self.end_at(self._deadline.due_at)

    def end_at(self, moment: datetime) -> str:
        if self._deadline.due_on is None:
            return self._moment(moment)
        # A day's 24:00 is the next one's beginning.
        day = (moment - timedelta(milliseconds=1)).astimezone(self._zone).date()
        return self._fill("end_of_day", day=self._day(day), zone=self._deadline.zone)

    def _source(self) -> str:
        article = self._deadline.article
        if article[0].isdigit():
            article = self._fill("article", article=article)
        return f"{self._deadline.law}, {article}"

    def _period(self, unit: str, amount: str) -> str:
        one, many = self._words["units"][unit]
        return str(one if amount == "1" else many).format(amount=amount)

    def _day(self, day: date) -> str:
        return _day(day, self._language)

    def _moment(self, at: datetime) -> str:
        return moment(at, self._deadline.zone, self._language)

    def _fill(self, key: str, **values: str) -> str:
        return str(self._words["forms"][key]).format(**values)


def _day(day: date, language: Language) -> str:
    words = catalogue(language)
    return str(
        words["forms"]["day"].format(
            weekday=words["weekdays"][day.weekday()],
            day=str(day.day),
            month=words["months"][day.month - 1],
            year=str(day.year),
        )
    )


def _offset(local: datetime) -> str:
    """`+07:00`; old zones with seconds are cut to minutes."""
    minutes = int((local.replace(tzinfo=UTC) - local.astimezone(UTC)) / timedelta(minutes=1))
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"

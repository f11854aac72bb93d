"""The report to affected clients, as it follows from what was found out. Pure but for its words.

It says what happened, why, what stopped it, and what is done about it; not who sees to that.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

from chalicelib.incidents.aftermath.errors import NothingToReport, ReportTooLong
from chalicelib.incidents.aftermath.models import ActionState, Aftermath, Remedy
from chalicelib.incidents.models import Incident
from chalicelib.notices.models import Language

FILE = Path(__file__).parent / "report.toml"
LONGEST = 8000
"""Characters, as long as one that somebody writes: a notice keeps it thrice in each language."""


def composed(incident: Incident, aftermath: Aftermath, language: Language) -> str:
    """The report's text in `language`. Days are UTC.

    Raises `NothingToReport` where the root cause, or an action, is not said in that language,
    `ReportTooLong`.
    """
    words = _words(language)
    title = words["title"].format(incident=incident.incident_id)
    parts = [title, *_parts(incident, aftermath, language, words)]
    text = "\n\n".join(parts) + "\n"
    if len(text) > LONGEST:
        raise ReportTooLong
    return text


def _parts(
    incident: Incident, aftermath: Aftermath, language: Language, words: Mapping[str, str]
) -> Iterator[str]:
    cause, contained = aftermath.root_cause, aftermath.containment
    if cause is None or language not in cause.analysis:
        raise NothingToReport
    if nature := incident.facts.nature.get(language):
        yield f"{words['happened']}\n{nature}"
    yield f"{words['cause']}\n{cause.analysis[language]}"
    if contributing := [each[language] for each in cause.contributing if language in each]:
        yield _listed(words["contributing"], contributing)
    if contained and language in contained.measures:
        heading = words["contained"].format(day=_day(contained.contained_at))
        yield f"{heading}\n{contained.measures[language]}"
    remedies = [each for each in aftermath.remedies.values() if each.state is not _DROPPED]
    if remedies:
        yield _listed(words["remedies"], [_remedy(each, language, words) for each in remedies])


def _remedy(remedy: Remedy, language: Language, words: Mapping[str, str]) -> str:
    if language not in remedy.what:
        raise NothingToReport
    day = _day(remedy.ended_at or remedy.due_at)
    return words[remedy.state.value].format(what=remedy.what[language], day=day)


def _listed(heading: str, lines: list[str]) -> str:
    return "\n".join((heading, *(f"- {each}" for each in lines)))


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


_DROPPED = ActionState.DROPPED


@cache
def _words(language: Language) -> Mapping[str, str]:
    words: Mapping[str, str] = tomllib.loads(FILE.read_text("utf-8"))[language]
    return words

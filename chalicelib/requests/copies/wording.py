"""The words of the report, in the requester's language. They stand in `texts/`."""

import tomllib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.audit.entry import Actor, Entry
from chalicelib.inventory.promises import RetentionRule
from chalicelib.law.explain import moment as moment_in
from chalicelib.notices.models import Language

ZONE = "Asia/Jakarta"
"""The controller's."""

_DIRECTORY = Path(__file__).parent / "texts"


@cache
def words(language: Language) -> dict[str, Any]:
    """All words of the report in one language, read once per process."""
    return tomllib.loads((_DIRECTORY / f"{language}.toml").read_text("utf-8"))


def moment(at: datetime, language: Language) -> str:
    """`at` (aware) to the minute in the controller's zone, with the offset from UTC."""
    return moment_in(at, ZONE, language)


def happened(entry: Entry, language: Language) -> str:
    """What an entry of the trail says; its own name for what has no words yet."""
    terms = words(language)
    said = terms["actions"].get(entry.action)
    return str(said or terms["trail"]["other"].format(action=entry.action))


def actor(who: Actor, language: Language) -> str:
    """Who acted, as a kind of person or system: the report names nobody of the staff."""
    terms = words(language)["actors"]
    return str(terms.get(who.kind, terms["other"]))


def kept(rule: RetentionRule, language: Language) -> str:
    """How long data is kept by `rule`."""
    terms = words(language)["retention"]
    if rule.until is not None:
        said = terms["until"].format(until=getattr(rule.until, language))
    elif rule.period is not None:
        one, many = terms["units"][rule.period.unit]
        period = (one if rule.period.amount == 1 else many).format(amount=rule.period.amount)
        form = terms["at_least"] if rule.kind == "mandate" else terms["at_most"]
        said = form.format(period=period, trigger=terms["triggers"][rule.trigger])
    if rule.applies_if is not None:
        said += " " + terms["applies_if"].format(condition=getattr(rule.applies_if, language))
    return str(said)

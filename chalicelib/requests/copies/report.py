"""The report: what was found where, why it is held, who receives it, and what was done with it.

UU PDP 7 and 32 (access to data and to the trail of its processing), GDPR 15(1).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.audit.entry import Entry
from chalicelib.inventory.policy import policy
from chalicelib.law.explain import explain
from chalicelib.notices.models import Language
from chalicelib.requests.copies.models import PartDescription
from chalicelib.requests.copies.naming import file_name
from chalicelib.requests.copies.wording import actor, happened, kept, moment, words
from chalicelib.requests.models import DataRequest

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Searched:
    """A place, what came of its search, and the rows of each of its collections."""

    part: PartDescription
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Report:
    """What a report is made of. `key_id` is the thumbprint of the key that signs the archive."""

    request: DataRequest
    built_at: datetime
    searched: Sequence[Searched]
    trail: Sequence[Entry]
    key_id: str


def report_html(report: Report) -> Iterator[bytes]:
    """The report as one self-contained page without scripts, in pieces of UTF-8."""
    language = report.request.content.language
    template = _environment().get_template("report.html")
    pieces = template.generate(
        {
            "language": language,
            "words": words(language),
            "request": report.request,
            "built_at": moment(report.built_at, language),
            "received_at": moment(report.request.received_at, language),
            "key_id": report.key_id,
            "deadlines": [
                {"law": each.law, "sentences": explain(each, language)}
                for each in report.request.deadlines
            ],
            "places": [_place(each) for each in report.searched],
            "trail": [
                {
                    "at": moment(each.moment, language),
                    "who": actor(each.actor, language),
                    "what": happened(each, language),
                }
                for each in report.trail
            ],
            **_policy_part(_categories(report.searched), language),
        }
    )
    return (piece.encode("utf-8", "backslashreplace") for piece in pieces)


def _place(searched: Searched) -> dict[str, Any]:
    place = searched.part.place
    return {
        "name": place.name,
        "verdict": "by_hand" if searched.part.by_hand else searched.part.verdict.value,
        "collections": [
            {
                "name": name,
                "rows": rows,
                "json": file_name(place.id, name, "json"),
                "csv": file_name(place.id, name, "csv"),
            }
            for name, rows in searched.rows.items()
        ],
    }


def _categories(searched: Sequence[Searched]) -> frozenset[str]:
    """The policy's categories that the places hold; all of them where a place does not say."""
    if all(each.part.categories for each in searched) and searched:
        return frozenset(name for each in searched for name in each.part.categories)
    return frozenset(each.id for each in policy().data.categories)


def _policy_part(categories: frozenset[str], language: Language) -> dict[str, Any]:
    known = policy()
    bases = {each.id: each for each in known.purposes.bases}
    labels = {each.id: getattr(each.label, language) for each in known.all_purposes}
    return {
        "categories": [
            getattr(each.label, language) for each in known.data.categories if each.id in categories
        ],
        "purposes": [
            {
                "label": labels[each.id],
                "description": getattr(each.description, language),
                "bases": [
                    f"{getattr(bases[name].label, language)} ({bases[name].article})"
                    for name in each.bases
                ],
            }
            for each in known.all_purposes
            if categories.intersection(each.categories)
        ],
        "recipients": [
            {
                "label": getattr(each.label, language),
                "role": words(language)["roles"][each.role],
                "purposes": [labels[name] for name in each.purposes],
            }
            for each in known.sharing.recipients
            if categories.intersection(each.categories)
        ],
        "retention": [
            {
                "label": getattr(each.label, language),
                "kept": kept(each, language),
                "ground": each.ground,
            }
            for each in known.retention.rules
            if categories.intersection(each.categories)
        ],
        "rights": [
            {
                "label": getattr(each.label, language),
                "description": getattr(each.description, language),
                "articles": ", ".join(each.articles),
            }
            for each in known.rights.rights
        ],
        "contacts": [
            {
                "label": getattr(each.label, language),
                "about": getattr(each.about, language),
                "email": each.email,
            }
            for each in known.contacts.contacts
        ],
        "controller": known.document.controller,
    }


@cache
def _environment() -> "Environment":
    # Only a worker writes reports: nobody's cold start pays for it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )

"""From the facts of an incident to the words of a notice, in each language, for each recipient.

People get what happened to them in plain words; an authority, a controller and a client get numbers
and countries as well. What is not known is left out; that it follows is said (GDPR 33(4)).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.incidents.models import Duty, Incident, Recipient, Texts
from chalicelib.incidents.notices.gate import Reasons
from chalicelib.incidents.notices.models import Section, Written
from chalicelib.incidents.notices.wording import local, paragraphs, render, words
from chalicelib.inventory.service import controller, data_labels, privacy_contact
from chalicelib.notices.models import LANGUAGES, Language

_PLAIN = ("nature", "when", "how", "categories", "consequences", "measures", "recovery")
_FULL = (*_PLAIN[:4], "numbers", "countries", *_PLAIN[4:])
_END = ("late", "follows", "contact")
_ORDER: Mapping[Recipient, tuple[str, ...]] = {
    Recipient.AUTHORITY: ("duties", *_FULL, *_END),
    Recipient.SUBJECTS: (*_PLAIN, *_END),
    Recipient.PUBLIC: (*_PLAIN[:4], "numbers", *_PLAIN[4:], *_END),
    Recipient.CONTROLLERS: (*_FULL, *_END),
    Recipient.CLIENTS: (*_FULL, *_END),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What a notice is made of. `supplements` are id and moment of the notice that it adds to."""

    incident: Incident
    recipient: Recipient
    duties: Sequence[Duty]
    follows: Sequence[str] = ()
    reasons: Reasons = field(default_factory=Reasons)
    supplements: tuple[str, datetime] | None = None


def composed(draft: Draft) -> dict[Language, Written]:
    """The notice in every language: the same facts always give the same texts."""
    return {language: _Letter(draft, language).written() for language in LANGUAGES}


class _Letter:
    """One draft in one language."""

    def __init__(self, draft: Draft, language: Language) -> None:
        self._draft = draft
        self._facts = draft.incident.facts
        self._language: Language = language
        self._words = words(language)
        self._makers: Mapping[str, Callable[[], Iterator[str]]] = {
            "duties": self._duties,
            "nature": self._nature,
            "when": self._when,
            "how": lambda: self._said(self._facts.how),
            "categories": self._categories,
            "numbers": self._numbers,
            "countries": self._countries,
            "consequences": lambda: self._said(self._facts.consequences),
            "measures": lambda: self._said(self._facts.measures),
            "recovery": lambda: self._said(self._facts.recovery),
            "late": lambda: self._said(self._draft.reasons.late),
            "follows": self._follows,
            "contact": self._contact,
        }

    def written(self) -> Written:
        subject, sections = self._subject(), tuple(self._sections())
        said = {"language": self._language, "subject": subject, "sections": sections}
        text = render("notice.txt", **said).lstrip("\n")
        return Written(subject, text, render("notice.html", **said), sections)

    def _subject(self) -> str:
        subject = self._words["subjects"][self._draft.recipient.value]
        subject = subject.format(controller=controller())
        if self._draft.supplements:
            subject = self._words["supplement_subject"].format(subject=subject)
        if self._draft.incident.drill:
            subject = self._words["drill_subject"].format(subject=subject)
        return str(subject)

    def _sections(self) -> Iterator[Section]:
        yield Section("", tuple(self._lead()))
        for name in _ORDER[self._draft.recipient]:
            if said := tuple(self._makers[name]()):
                yield Section(self._heading(name), said)

    def _heading(self, name: str) -> str:
        if self._draft.recipient is Recipient.SUBJECTS:
            plain = self._words["headings_plain"].get(name)
            if plain:
                return str(plain)
        return str(self._words["headings"][name])

    def _lead(self) -> Iterator[str]:
        incident = self._draft.incident
        if incident.drill:
            yield self._words["drill"]
        aware_at = local(incident.aware_at, self._language) if incident.aware_at else ""
        lead = self._words["leads"][self._draft.recipient.value]
        yield lead.format(controller=controller(), aware_at=aware_at)
        if self._draft.supplements:
            notice_id, at = self._draft.supplements
            yield self._words["supplement"].format(
                notice_id=notice_id, moment=local(at, self._language)
            )

    def _duties(self) -> Iterator[str]:
        for each in self._draft.duties:
            yield self._line("duty", law=each.law, article=each.article)

    def _nature(self) -> Iterator[str]:
        yield from (self._words["kinds"][kind] for kind in sorted(self._facts.kinds))
        yield from self._said(self._facts.nature)

    def _when(self) -> Iterator[str]:
        since, until = self._facts.occurred_from, self._facts.occurred_until
        if since is None:
            return
        said = {"since": local(since, self._language)}
        if until is None or until == since:
            yield self._line("when_at", **said)
        else:
            yield self._line("when_between", **said, until=local(until, self._language))

    def _categories(self) -> Iterator[str]:
        labels = data_labels(self._language)
        for each in self._facts.categories:
            label = labels[each.id]
            yield self._line("specific", label=label) if each.specific else label

    def _numbers(self) -> Iterator[str]:
        for name in ("people", "records"):
            number: int | None = getattr(self._facts, name)
            if number is not None:
                grouped = f"{number:,}".replace(",", self._words["thousands"])
                yield self._line(name, number=grouped)

    def _countries(self) -> Iterator[str]:
        if self._facts.countries:
            yield self._words["lines"]["joined"].join(self._facts.countries)

    def _follows(self) -> Iterator[str]:
        if self._draft.follows:
            elements = (self._words["elements"][each] for each in self._draft.follows)
            yield self._line("follows", elements=self._words["lines"]["joined"].join(elements))
            yield from self._said(self._draft.reasons.in_phases)

    def _contact(self) -> Iterator[str]:
        label, email = privacy_contact(self._language)
        yield self._line("contact", label=label, controller=controller(), email=email)
        yield self._line("reference", incident_id=self._draft.incident.incident_id)

    def _said(self, texts: Texts) -> Iterator[str]:
        yield from paragraphs(texts.get(self._language, ""))

    def _line(self, name: str, **values: str) -> str:
        return str(self._words["lines"][name].format(**values))

"""The gate: what a notice does not say and would have to. Pure; what is asked is data (contents).

UU PDP 46(2); GDPR 33(1), 33(3), 33(4), 34(2). What is not known yet may follow if the notice says
that it does and why; what happened, which data it was and whom to ask may not, and to people
nothing of what GDPR 34(2) asks for: 33(4) has phases for the authority only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.errors import Conflict, FieldError
from chalicelib.incidents.models import Duty, Facts, Texts, is_whole
from chalicelib.incidents.notices.contents import Element, contents

_TEXTS = ("nature", "how", "consequences", "measures", "recovery")
_FIELDS = {"when": "occurred_from"}


class NoticeIncomplete(Conflict):
    """The notice does not say what it must. `fields` name the facts."""

    code = "notice_incomplete"

    def __init__(self, fields: Sequence[FieldError]) -> None:
        super().__init__(self.code)
        self.fields = tuple(fields)


@dataclass(frozen=True, slots=True)
class Missing:
    """What a notice lacks: a stable `code`, the fact, the article that asks for it.

    `missing`; `untranslated`: said in one language only; `reasons_missing`: it is late, or in
    phases, and does not say why.
    """

    field: str
    code: str
    article: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The gate's word: what bars the notice, and which elements may follow later."""

    missing: tuple[Missing, ...]
    follows: tuple[str, ...]

    def check(self) -> None:
        """Raises `NoticeIncomplete` where something bars the notice."""
        if self.missing:
            raise NoticeIncomplete([FieldError(each.field, each.code) for each in self.missing])


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why a notice comes in phases, and why it comes late; each in every language, or empty."""

    in_phases: Texts = field(default_factory=dict)
    late: Texts = field(default_factory=dict)


def judged(
    facts: Facts, duties: Sequence[Duty], contact: str, reasons: Reasons, now: datetime
) -> Judged:
    """What a notice about `facts` that covers `duties` lacks at `now` (aware).

    `contact` is the address of the data protection officer.
    """
    asked = [each for duty in duties for each in contents()[duty.id]]
    unknown = [each for each in asked if not _is_known(each, facts, contact)]
    # What one law lets follow and another does not, follows in no notice under both.
    firm = {each.element for each in unknown if each.firm}
    follows = tuple(dict.fromkeys(e.element for e in unknown if e.element not in firm))
    missing = (
        *_lacking(unknown, reasons),
        *_untranslated(facts, asked),
        *_reasons(reasons, late=any(is_late(each, now) for each in duties)),
    )
    return Judged(tuple(dict.fromkeys(missing)), follows)


def is_late(duty: Duty, now: datetime) -> bool:
    """Whether the duty waits at `now` though its time is over."""
    return duty.is_open and duty.deadline is not None and now > duty.deadline.due_at


def check_reasons(because: Texts, *, late: bool) -> None:
    """Raises `NoticeIncomplete` where `because` does not say, in every language, why it is `late`
    (GDPR 33(1))."""
    if code := _lacks(because, late=late):
        raise NoticeIncomplete([FieldError("late_because", code)])


def _is_known(each: Element, facts: Facts, contact: str) -> bool:
    match each.element:
        case "contact":
            return bool(contact)
        case "people" | "records":
            return getattr(facts, each.element) is not None
        case _:
            return bool(getattr(facts, _FIELDS.get(each.element, each.element)))


def _lacking(unknown: Sequence[Element], reasons: Reasons) -> Iterator[Missing]:
    for each in unknown:
        if each.firm or not reasons.in_phases:
            yield _missing(each, "missing")


def _untranslated(facts: Facts, asked: Sequence[Element]) -> Iterator[Missing]:
    for each in asked:
        said: Texts = getattr(facts, each.element) if each.element in _TEXTS else {}
        if said and not is_whole(said):
            yield _missing(each, "untranslated")


def _reasons(reasons: Reasons, *, late: bool) -> Iterator[Missing]:
    # Needed or not: what is said stands in the notice, which goes out in both languages.
    if reasons.in_phases and not is_whole(reasons.in_phases):
        yield Missing("in_phases_because", "untranslated", "GDPR 33(4)")
    if code := _lacks(reasons.late, late=late):
        yield Missing("late_because", code, "GDPR 33(1)")


def _lacks(because: Texts, *, late: bool) -> str:
    if because:
        return "" if is_whole(because) else "untranslated"
    return "reasons_missing" if late else ""


def _missing(each: Element, code: str) -> Missing:
    return Missing(_FIELDS.get(each.element, each.element), code, each.article)

"""Sections 6 to 12 of the policy: what is promised about the data that is held."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from chalicelib.inventory.terms import (
    Any0,
    Confidence,
    Email,
    Ident,
    Many,
    Role,
    Section,
    SectionNumber,
    Text,
    Value,
    Words,
)

# ISO/IEC 27001:2022 Annex A: the last control of each theme.
_ANNEX_A = {5: 37, 6: 8, 7: 14, 8: 34}


class Period(Value):
    """A length of time; hours are elapsed hours, years are calendar years."""

    amount: Annotated[int, Field(ge=1)]
    unit: Literal["hours", "days", "years"]


class RetentionRule(Value):
    """How long data is kept, counted from what, and what happens then.

    ``kind``: a *promise* of the policy (data goes at the latest then), a *mandate* of the law
    (data stays at least until then) or a *house* rule of this system. ``yields_to`` names the
    mandates that win over it. A rule without a period says in ``until`` what ends it.
    ``applies_if`` is a condition that somebody has to affirm before the rule binds.
    """

    id: Ident
    label: Text
    kind: Literal["promise", "mandate", "house"]
    roles: Many[Role]
    categories: Many[Ident]
    items: Any0[Ident] = ()
    trigger: Literal[
        "collected",
        "last_used",
        "choice",
        "request",
        "consent_withdrawn",
        "end_of_engagement",
        "end_of_relationship",
        "end_of_relationship_or_transaction",
        "end_of_tax_year",
        "end_of_book_year",
    ]
    period: Period | None = None
    until: Text | None = None
    actions: Many[Literal["delete", "anonymise", "archive", "destroy_key", "keep"]]
    yields_to: Any0[Ident] = ()
    applies_if: Text | None = None
    place: Literal["ID"] | None = None
    ground: Words
    confidence: Confidence | None = None
    quote: Words | None = None

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.period is None) == (self.until is None):
            raise ValueError("a rule has either a period or an until")
        if (self.kind == "promise") != (self.quote is not None):
            raise ValueError("a promise, and only that, quotes the policy")
        if self.kind == "mandate" and (self.period is None or self.confidence is None):
            raise ValueError("a mandate states its period and its confidence")
        if (self.kind == "mandate") != ("keep" in self.actions):
            raise ValueError("a mandate, and only that, keeps")
        return self


class Retention(Section):
    """Section 6: retention rules, with the mandates of law.md D beside the promises."""

    quote: Words
    rules: Many[RetentionRule]


class SecurityMeasure(Value):
    """A security measure with its ISO/IEC 27001:2022 Annex A controls.

    ``shown_by``: whether software can show it, or people and certificates must.
    """

    id: Ident
    label: Text
    description: Text
    controls: Many[Annotated[str, StringConstraints(pattern=r"^[5-8]\.[1-9][0-9]?$")]]
    confidence: Confidence | None = None
    shown_by: Literal["software", "organisation"]
    quote: Words

    @model_validator(mode="after")
    def _controls_exist(self) -> Self:
        for control in self.controls:
            theme, number = (int(part) for part in control.split("."))
            if number > _ANNEX_A[theme]:
                raise ValueError(f"Annex A has no control {control}")
        return self


class Security(Section):
    """Section 7: security measures."""

    quote: Words
    measures: Many[SecurityMeasure]


class DeadlineRef(Value):
    """Points at a row of the rule packs; the number of hours lives there and only there."""

    jurisdiction: Literal["ID"]
    article: Words


class Right(Value):
    """A right, as a type of request. ``quote`` is absent where the policy does not name it."""

    id: Literal[
        "access",
        "portability",
        "correction",
        "deletion",
        "restriction",
        "objection",
        "consent_withdrawal",
    ]
    label: Text
    description: Text
    who: Many[Literal["client", "authorised_user", "data_subject"]]
    articles: Many[Words]
    deadline: DeadlineRef | None = None
    confidence: Confidence
    contact: Ident
    quote: Words | None = None


class Rights(Section):
    """Section 8: rights and how they are exercised."""

    quote: Words
    rights: Many[Right]


class Recipient(Value):
    """A kind of recipient, for which purposes it receives which categories of data."""

    id: Ident
    label: Text
    role: Literal["processor", "controller", "authority"]
    purposes: Many[Ident]
    categories: Many[Ident]
    safeguards: Any0[Literal["vetted", "confidentiality_agreement"]]
    quote: Words


class TransferGround(Value):
    """A ground for a transfer abroad; ``rank`` is the order in which UU PDP 56 asks for it."""

    id: Literal["equal_protection", "binding_safeguards", "consent"]
    label: Text
    rank: Annotated[int, Field(ge=1)]
    article: Words
    quote: Words | None = None


class Sharing(Section):
    """Section 9: recipients and transfers abroad."""

    recipients: Many[Recipient]
    transfers: Many[TransferGround]


class IncidentPromise(Value):
    """What is owed after an incident, to whom; hours are elapsed hours from awareness."""

    id: Ident
    label: Text
    to: Many[Literal["clients", "data_subjects", "authorities", "public"]]
    hours: Annotated[int, Field(ge=1)] | None = None
    starts_at: Literal["awareness", "after_incident", "always"]
    articles: Any0[Words] = ()
    confidence: Confidence | None = None
    quote: Words | None = None


class Incidents(Section):
    """Section 10: incident response and breach notification."""

    promises: Many[IncidentPromise]


class NoticeDuty(Value):
    """A duty about the policy's own changes. ``before_effect``: due before the change applies."""

    id: Ident
    label: Text
    channels: Any0[Literal["platform", "email"]] = ()
    before_effect: bool
    articles: Any0[Words] = ()
    confidence: Confidence | None = None
    quote: Words


class NoticeContent(Value):
    """Something a notice must say before consent (UU PDP 21(1)), and which sections say it."""

    id: Ident
    label: Text
    sections: Many[SectionNumber]


class Updates(Section):
    """Section 11: policy updates, with what UU PDP 21 wants of a notice."""

    duties: Many[NoticeDuty]
    contents: Many[NoticeContent]


class Contact(Value):
    """Where to write to, and about what."""

    id: Ident
    label: Text
    email: Email
    about: Text
    quote: Words


class Contacts(Section):
    """Section 12: contacts."""

    contacts: Many[Contact]

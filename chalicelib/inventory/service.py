"""What other capabilities may ask of the policy's data.

Imports pydantic through the policy's models: import it where it is used, never on the path of
``import app``.
"""

from dataclasses import dataclass
from typing import Literal

from chalicelib.inventory.holdings import CookieType
from chalicelib.inventory.policy import PolicyInvalid, policy
from chalicelib.inventory.promises import RetentionRule


def cookie_types() -> tuple[CookieType, ...]:
    """Return the policy's types of cookies (section 5) in its order, with texts EN and ID."""
    return policy().cookies.types


def preference_days() -> int:
    """Return after how many days a visitor's cookie choice expires, refusals too.

    Raises PolicyInvalid if the retention rules do not say.
    """
    for rule in policy().retention.rules:
        if rule.id == "cookie_preferences" and rule.period and rule.period.unit == "days":
            return rule.period.amount
    raise PolicyInvalid("no rule says after how many days cookie preferences expire")


def data_categories() -> frozenset[str]:
    """The ids of the policy's categories of data (section 2)."""
    return frozenset(each.id for each in policy().data.categories)


def kinds_of_data() -> dict[str, bool]:
    """The policy's categories of data and their items (section 2), by id, and whether they are
    specific (UU PDP 4(2)): a category is if one of its items is."""
    categories = policy().data.categories
    items = {item.id: item.specific for each in categories for item in each.items}
    return items | {each.id: any(item.specific for item in each.items) for each in categories}


def data_labels(language: Literal["en", "id"]) -> dict[str, str]:
    """What the policy calls its categories of data and their items, by id."""
    known = policy()
    items = {each.id: getattr(each.label, language) for each in known.items}
    return items | {each.id: getattr(each.label, language) for each in known.data.categories}


def controller() -> str:
    """Who gives the policy."""
    return policy().document.controller


def privacy_contact(language: Literal["en", "id"]) -> tuple[str, str]:
    """The data protection officer (section 12): what the office is called, and its address."""
    officer = next(each for each in policy().contacts.contacts if each.id == "dpo")
    return getattr(officer.label, language), officer.email


def retention_rules() -> tuple[RetentionRule, ...]:
    """The policy's retention rules (section 6): promises, mandates, rules of the house."""
    return policy().retention.rules


@dataclass(frozen=True, slots=True)
class Mandate:
    """A law that wants data kept: for how many years, counted from the end of which year if any.

    `year_end` is (month, day); the tax and the book year are taken to be the calendar year.
    """

    id: str
    citation: str
    years: int
    year_end: tuple[int, int] | None


def mandates() -> dict[str, Mandate]:
    """The mandates among the policy's retention rules (section 6), by id.

    Raises PolicyInvalid for one whose period is not in years.
    """
    found = {}
    for rule in policy().retention.rules:
        if rule.kind == "mandate":
            if rule.period is None or rule.period.unit != "years":
                raise PolicyInvalid(f"{rule.id} does not say for how many years")
            year_end = (12, 31) if rule.trigger in _YEAR_ENDS else None
            found[rule.id] = Mandate(rule.id, rule.ground, rule.period.amount, year_end)
    return found


_YEAR_ENDS = {"end_of_tax_year", "end_of_book_year"}

"""What other capabilities may ask of the policy's data.

Imports pydantic through the policy's models: import it where it is used, never on the path of
``import app``.
"""

from chalicelib.inventory.holdings import CookieType
from chalicelib.inventory.policy import PolicyInvalid, policy


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

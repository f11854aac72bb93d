"""What may happen to a request, and which laws' clocks run for it. Pure decisions.

    awaiting_identity ──proved──> open
      │                            │
      └────────withdrawn───────────┴──> withdrawn

A repeated event that led here changes nothing; any other is refused.
"""

from collections.abc import Mapping
from enum import StrEnum

from chalicelib.errors import Conflict
from chalicelib.law.packs import pack
from chalicelib.requests.models import Status


class Event(StrEnum):
    """What happens to a request."""

    PROVED = "proved"
    WITHDRAWN = "withdrawn"


class ImpossibleNow(Conflict):
    """The request's status does not allow it."""

    code = "impossible_now"


_MOVES: Mapping[tuple[Status, Event], Status] = {
    (Status.AWAITING_IDENTITY, Event.PROVED): Status.OPEN,
    (Status.AWAITING_IDENTITY, Event.WITHDRAWN): Status.WITHDRAWN,
    (Status.OPEN, Event.WITHDRAWN): Status.WITHDRAWN,
}
_COUNTRIES: Mapping[str, str] = {"GB": "uk", "SG": "sg", "BR": "br"}
HOME = "id"
"""The controller sits in Indonesia, so its law holds for every request."""


def after(status: Status, event: Event) -> Status:
    """The status after `event`; the same when it led here already. Raises `ImpossibleNow`."""
    if status in {to for (_, each), to in _MOVES.items() if each is event}:
        return status
    try:
        return _MOVES[status, event]
    except KeyError:
        raise ImpossibleNow from None


def laws_for(country: str) -> dict[str, str | None]:
    """The jurisdictions whose clocks run, with the place in each: home's, and the requester's.

    `country` is an ISO 3166-1 code, empty when it is not known. A country without a pack adds none.
    """
    laws: dict[str, str | None] = {HOME: None}
    if country in _COUNTRIES:
        laws[_COUNTRIES[country]] = None
    elif country in pack("eu").places and country != "EU":  # the union is no country
        laws["eu"] = country
    return laws

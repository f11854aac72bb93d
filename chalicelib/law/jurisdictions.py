"""Which laws hold for somebody in a country. Pure."""

from collections.abc import Mapping

from chalicelib.law.packs import pack

_PLACES: Mapping[str, str] = {"GB": "uk", "SG": "sg", "BR": "br", "US-CA": "us-ca"}
HOME = "id"
"""The controller sits in Indonesia, so its law always holds."""


def laws_for(country: str) -> dict[str, str | None]:
    """The jurisdictions whose clocks run, with the place in each: home's, and the person's.

    `country` is an ISO 3166-1 code, or one of 3166-2 (`US-CA`), empty when it is not known. A
    country without a pack adds none.
    """
    laws: dict[str, str | None] = {HOME: None}
    if country in _PLACES:
        laws[_PLACES[country]] = None
    elif country in pack("eu").places and country != "EU":  # the union is no country
        laws["eu"] = country
    return laws

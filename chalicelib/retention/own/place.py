"""Where our own records are, as records under retention and holds name it."""

from enum import StrEnum

OWN_PLACE = "jaga"
"""No place of a data map may be called so."""


class OwnCollection(StrEnum):
    """What we keep, by the schedule's category `own.<collection>`."""

    PREFERENCES = "preferences"
    """The cookie choices made on a site in a day: `<site>/<day>`."""
    REQUESTS = "requests"
    """What a request said that has ended, and those that joined it: its id."""
    EXPORTS = "exports"
    """A copy that was released: `<request id>/<object id>`."""
    SESSIONS = "sessions"
    """A session of a data subject: the hash that it is found by."""

    CONSENTS = "consents"
    """The proof of one consent that has ended: `<subject id>/<purpose>/<its first record>`."""

    INCIDENTS = "incidents"
    """What an incident said that was closed or dismissed: its id."""

    @property
    def category(self) -> str:
        return f"own.{self.value}"


OF_REQUESTS = (OwnCollection.REQUESTS, OwnCollection.EXPORTS)
"""What the id of a request leads to."""

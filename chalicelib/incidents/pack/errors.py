"""What evidence packs refuse."""

from chalicelib.errors import NotFound


class NoEvidence(NotFound):
    """Nobody has ordered a pack of the incident."""

    code = "no_evidence"

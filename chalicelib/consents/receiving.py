"""From what the platform sends to what is recorded."""

from collections.abc import Mapping

from chalicelib.consents.models import Decision
from chalicelib.consents.service import Collected
from chalicelib.consents.wire import CollectedIn
from chalicelib.vault.blind_index import Kind


def identifiers(body: CollectedIn) -> Mapping[Kind, str]:
    """By what the platform names its user, the address first."""
    named = {Kind.EMAIL: body.email, Kind.REFERENCE: body.user_id}
    return {kind: each for kind, each in named.items() if each is not None}


def collected(body: CollectedIn) -> Collected:
    """The decision that the platform collected."""
    return Collected(
        purpose=body.purpose,
        decision=Decision(body.state),
        notice_sha256=body.notice_sha256,
        language=body.language,
        evidence=body.shown_evidence(),
        occurred_at=body.occurred_at,
    )

"""Events of one consent, and the terms that it was given under."""

from datetime import timedelta
from typing import Any

from chalicelib.consents.models import (
    VALID,
    Channel,
    ConsentEvent,
    Evidence,
    Guardian,
    Method,
    Relationship,
    Shown,
    State,
)
from chalicelib.inventory.consenting import consent_terms
from tests.fakes import START

PURPOSE = "third_party_integration"
RECEIPT = "01JAGA00000000000000RECEIPT"
SHOWN = Shown(
    notice_id="privacy",
    version="3",
    sha256="5a" * 32,
    language="id",
    pair_sha256="9c" * 32,
    terms_sha256="7e" * 32,
    validity=timedelta(days=730),
)
DECIDED = START + timedelta(milliseconds=987)
HEARD = START + timedelta(minutes=7)
SECRETS = ("Budi Santoso", "KTP 3171-0000", "box 7 of the form of Budi", "staff/ani", "jutsoo-shop")
"""What an event of `event_of` knows about people and places, and no receipt may say."""


def event_of(state: State, **changed: Any) -> ConsentEvent:
    """An event that leads to `state`, for which nobody's guardian acted."""
    name, checked, detail, actor, site = SECRETS
    guardian = None
    if "relationship" in changed:
        guardian = Guardian(Relationship(changed.pop("relationship")), name, checked)
    fields: dict[str, Any] = {
        "record_id": "01JAGA0000000000000000SECOND",
        "subject_id": "01JAGA000000000000000PERSON",
        "purpose": PURPOSE,
        "state": state,
        "before": State.UNKNOWN,
        "shown": SHOWN,
        "evidence": Evidence(Method.CHECKBOX, Channel.PLATFORM, site, detail, guardian),
        "actor": actor,
        "occurred_at": DECIDED,
        "recorded_at": HEARD,
        "expires_at": DECIDED + SHOWN.validity if state in VALID else None,
    }
    return ConsentEvent(**{**fields, **changed})


def terms() -> dict[str, Any]:
    """What a notice freezes today for `PURPOSE`."""
    return consent_terms(PURPOSE)

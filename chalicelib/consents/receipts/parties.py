"""The parties of a record (guide, 8.4): the controller, the data subject, a guardian."""

from collections.abc import Mapping
from typing import Any

from chalicelib.consents.models import ConsentEvent, State
from chalicelib.consents.receipts import vocabulary
from chalicelib.consents.receipts.context import Node

SUBJECT = "_:subject"
"""The data subject within one receipt. A blank node: the id beside it leads nowhere by itself."""

_SAID_BY_THE_SUBJECT = frozenset({State.GIVEN, State.RENEWED_GIVEN, State.REFUSED, State.WITHDRAWN})


def identified(identifier: str) -> Node:
    """Both properties that carry an id: the guide's tables name one, its text the other."""
    return {"dct:identifier": identifier, "dpv:hasIdentifier": identifier}


def subject(subject_id: str) -> Node:
    """The pii_principal_id: our opaque id, and nothing else about the person."""
    return {"@id": SUBJECT, "@type": "dpv:DataSubject", **identified(subject_id)}


def controller(party: Mapping[str, Any]) -> Node:
    """The terms' controller as a party: id, name, address, contact, type and role."""
    return {
        "@id": party["url"],
        "@type": ["dpv:Organisation", "dpv:DataController"],
        **identified(party["url"]),
        "dpv:hasName": party["name"],
        "schema:address": {
            "@type": "schema:PostalAddress",
            "schema:addressCountry": party["country"],
        },
        "schema:contactPoint": {
            "@type": "schema:ContactPoint",
            "schema:contactType": party["contact"],
            "schema:email": party["email"],
        },
        "schema:url": party["url"],
    }


def speaker(event: ConsentEvent, controller_id: str) -> str | Node:
    """Who brought the event about (entity_id): guardian, data subject, else the controller.

    A guardian is named by the relationship alone (UU PDP 25). `event.actor` may name one of our own
    people, and stays in the trail.
    """
    if event.evidence.guardian is not None:
        return {"@type": vocabulary.GUARDIAN[event.evidence.guardian.relationship]}
    return SUBJECT if event.state in _SAID_BY_THE_SUBJECT else controller_id

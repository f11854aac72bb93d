"""Who proves what, and who is answered, when somebody acts for a data subject.

| capacity | who enters the code | what opens the request | answered |
|---|---|---|---|
| none | the person | the code | the person |
| agent | the person: entering it confirms the agent | the code | the agent |
| guardian | the guardian | the staff, who checks the mandate | the guardian |
| client | nobody: the platform vouches by contract | its credential | the person |
"""

from collections.abc import Mapping

from chalicelib.requests.models import Capacity, Content
from chalicelib.vault.blind_index import Kind, normalise

USER_ID = "user_id"


def proving_address(content: Content) -> str:
    """The address that the code goes to; empty when there is none."""
    mandate = content.mandate
    if mandate and mandate.capacity is Capacity.GUARDIAN:
        return mandate.email
    return content.email


def answers_to_another(content: Content) -> bool:
    """Whether answers go to an agent or a guardian."""
    mandate = content.mandate
    return bool(mandate and mandate.capacity is not Capacity.CLIENT and mandate.email)


def answering_address(content: Content) -> str:
    """The address that answers go to; empty when there is none."""
    if content.mandate and answers_to_another(content):
        return content.mandate.email
    return content.email


def staff_decides(content: Content) -> bool:
    """Whether a code does not do: a mandate by law is for the staff to check."""
    return content.mandate is not None and content.mandate.capacity is Capacity.GUARDIAN


def names(content: Content) -> frozenset[str]:
    """What places are searched by for the person, in one spelling."""
    known = identifiers(content).items()
    return frozenset(f"{kind.value}:{normalise(kind, each)}" for kind, each in known)


def identifiers(content: Content) -> Mapping[Kind, str]:
    """What the person is known by, the address first."""
    named = {Kind.EMAIL: content.email, Kind.REFERENCE: content.identities.get(USER_ID, "")}
    return {kind: identifier for kind, identifier in named.items() if identifier}

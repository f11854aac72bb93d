"""What the staff's own routes take and show."""

from chalicelib.identity.models import Email
from chalicelib.wire import Answer, Wire


class Account(Answer):
    """`GET /v1/staff/account`: who the token says one is, and what that allows."""

    id: str
    roles: tuple[str, ...]
    permissions: tuple[str, ...]


class PlatformAccount(Answer):
    """`GET /v1/platform/account`."""

    id: str
    scopes: tuple[str, ...]


class TrailEntry(Answer):
    """One link of an entity's chain, as the verifier reads it; hashes in hex."""

    id: str
    seq: int
    at: str
    actor: str
    action: str
    facts: dict[str, str | int | bool]
    previous: str
    hash: str


class TrailPage(Answer):
    """`GET /v1/staff/audit/{entity_type}/{entity_id}`, oldest first."""

    entity: str
    entries: tuple[TrailEntry, ...]
    cursor: str | None


class SubjectQuery(Wire):
    """The body of `POST /v1/staff/subjects/find`: an address has no place in a URL."""

    email: Email


class SubjectView(Answer):
    subject_id: str
    email: str
    language: str
    since: str

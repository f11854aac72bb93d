"""Affected people and computations on the wire."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from chalicelib.identity.models import Email
from chalicelib.notices.models import Language
from chalicelib.wire import Answer, Moment, Wire

MAX_BODY_BYTES = 128 * 1024
"""A hundred recipients, or a filter, with the longest texts."""

type ListedKind = Literal["subjects", "clients", "controllers"]
type UserId = Annotated[str, StringConstraints(min_length=1, max_length=320)]
type ClientId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
type Key = Annotated[str, StringConstraints(min_length=1, max_length=255)]
type Text = Annotated[str, StringConstraints(min_length=1, max_length=320)]
type Reason = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class RecipientIn(Wire):
    """Somebody affected, by an address, the platform's id of a user, or both.

    For the kinds `clients` and `controllers` it is their contact, and `client` says whose.
    """

    kind: ListedKind
    email: Email | None = None
    user_id: UserId | None = None
    client: ClientId | None = None
    language: Language | None = None

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.email is None and self.user_id is None:
            raise ValueError("names nobody")
        if self.kind != "subjects" and self.client is None:
            raise ValueError("says not whose contact it is")
        return self


class RecipientsIn(Wire):
    recipients: Annotated[tuple[RecipientIn, ...], Field(min_length=1, max_length=100)]


class RemovalIn(Wire):
    """Why somebody is not affected after all; kept sealed."""

    reason: Reason


class QuestionIn(Wire):
    """Whose rows of a collection, by the data map in force, were affected.

    A row counts where each field of `filter` has any of its values, and where the moment in
    `time_field` is in [since, until). One that has none to read counts as well. A rehearsal counts
    and puts nobody on the list. `time_field` and `client_field` default to what the data map says.
    """

    place: Key
    collection: Key
    filter: Annotated[
        dict[Key, Annotated[tuple[Text, ...], Field(min_length=1, max_length=50)]],
        Field(max_length=10),
    ] = Field(default_factory=dict)
    time_field: Key | None = None
    since: Moment | None = None
    until: Moment | None = None
    client_field: Key | None = None
    rehearse: bool = False


class SettlingIn(Wire):
    """Why nothing is missing on the list though a computation failed. Kept sealed."""

    reason: Reason


class PutView(Answer):
    """What came of one recipient: `added`, `completed` (or corrected), `known`."""

    recipient_id: str
    outcome: str


class PutsView(Answer):
    """In the order in which they came."""

    recipients: tuple[PutView, ...]


class CountView(Answer):
    kind: str
    recipients: int
    without_address: int


class CountsView(Answer):
    """How many are on the list."""

    counts: tuple[CountView, ...]


class RecipientView(Answer):
    """Somebody on the list. `came` says how: `typed` or `computed`."""

    recipient_id: str
    kind: str
    email: str | None
    user_id: str | None
    client: str | None
    language: str | None
    came: str
    at: str


class RecipientList(Answer):
    """A page of the list. The first one names, by their opaque ids, the affected clients that are
    told as this kind and have nobody on it."""

    recipients: tuple[RecipientView, ...]
    clients_without_contact: tuple[str, ...]
    cursor: str | None


class ComputationView(Answer):
    """How far a computation is: `running`, `done`, `failed` (then `problem` says why), `settled`:
    failed, and asked anew, or somebody said why nothing is missing for it.

    Each row counts once in `rows`, those that fit in `matched`, those of them without a readable
    moment in `undated` and without anybody in `nobody`. Each person counts once in `people`:
    exactly up to 511, then approximately. `clients` are the first 500 opaque ids; `more_clients`
    that there are others, or rows that name theirs by what is no id.
    """

    computation_id: str
    status: str
    rehearsal: bool
    asked_at: str
    ended_at: str | None
    rows: int
    matched: int
    undated: int
    nobody: int
    people: int
    people_exact: bool
    without_address: int
    clients: tuple[str, ...]
    more_clients: bool
    problem: str | None


class ComputationEvidence(ComputationView):
    """A computation as a pack of evidence has it: where it looked, and why it was settled."""

    place: str
    collection: str
    asked_by: str
    settled_because: str | None


class ComputationsEvidence(Answer):
    computations: tuple[ComputationEvidence, ...]

"""Between the wire and the domain: affected people and computations."""

from collections.abc import Mapping

from chalicelib.clock import rfc3339
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.http.paging import page_asked
from chalicelib.incidents.affected.items import key_of_recipient
from chalicelib.incidents.affected.models import LISTED, Entry, Person, Question
from chalicelib.incidents.affected.recipients import Recipients
from chalicelib.incidents.affected.wire import (
    CountsView,
    CountView,
    QuestionIn,
    RecipientIn,
    RecipientList,
    RecipientsIn,
    RecipientView,
)
from chalicelib.incidents.models import Recipient
from chalicelib.tables.cursors import Cursors
from chalicelib.vault.blind_index import Kind, normalise
from chalicelib.vault.errors import UnusableIdentifier


def people_from(body: RecipientsIn) -> list[Person]:
    """Those that the body names. Raises `InvalidInput`, with the place of each that is unusable."""
    errors: list[FieldError] = []
    people = [_person(place, each, errors) for place, each in enumerate(body.recipients)]
    if errors:
        raise InvalidInput(*errors)
    return people


def question_from(body: QuestionIn) -> Question:
    """The question that the body asks. Raises `InvalidInput` for a time that ends as it begins."""
    if body.since and body.until and body.since >= body.until:
        raise InvalidInput(FieldError("until", "not_after_since"))
    return Question(
        body.place,
        body.collection,
        {path: frozenset(values) for path, values in body.filter.items()},
        body.time_field or "",
        body.since,
        body.until,
        body.client_field or "",
    )


def counts_view(here: Recipients, incident_id: str) -> CountsView:
    """How many are on the list."""
    counts = here.counts(incident_id)
    return CountsView(
        counts=tuple(
            CountView(
                kind=kind.value,
                recipients=counts[kind].recipients,
                without_address=counts[kind].without_address,
            )
            for kind in LISTED
        )
    )


def recipient_page(
    here: Recipients, cursors: Cursors, incident_id: str, query: Mapping[str, str], staff_id: str
) -> RecipientList:
    """The page of recipients that `query` asks for, subjects by default.

    Raises `InvalidInput` for a bad `kind`, `limit` or `cursor`.
    """
    kind = next((each for each in LISTED if each == query.get("kind", LISTED[0])), None)
    if kind is None:
        raise InvalidInput(FieldError("kind", "not_allowed"))
    listing = f"affected/{incident_id}/{kind.value}"
    asked = page_asked(query, listing, cursors)
    after = asked.start.sk if asked.start else ""
    found = here.page(incident_id, kind, asked.limit, after, staff_id)
    lacking = () if asked.start else here.without_contact(incident_id, kind)
    last = found[-1].recipient_id if len(found) == asked.limit else None
    return RecipientList(
        recipients=tuple(map(_recipient_view, found)),
        clients_without_contact=lacking,
        cursor=cursors.encode(listing, key_of_recipient(incident_id, last)) if last else None,
    )


def _person(place: int, given: RecipientIn, errors: list[FieldError]) -> Person:
    """Raises nothing: what is wrong is added to `errors`."""
    named = {
        "email": (Kind.EMAIL, given.email),
        "user_id": (Kind.REFERENCE, given.user_id),
    }
    usable = dict.fromkeys(named, "")
    for name, (way, value) in named.items():
        try:
            usable[name] = normalise(way, value) if value is not None else ""
        except UnusableIdentifier:
            errors.append(FieldError(f"recipients.{place}.{name}", "unusable"))
    kind = Recipient(given.kind)
    return Person(kind, usable["email"], usable["user_id"], given.client or "", given.language)


def _recipient_view(entry: Entry) -> RecipientView:
    person = entry.person
    return RecipientView(
        recipient_id=entry.recipient_id,
        kind=person.kind.value,
        email=person.email or None,
        user_id=person.user_id or None,
        client=person.client or None,
        language=person.language,
        came=entry.came.value,
        at=rfc3339(entry.at),
    )

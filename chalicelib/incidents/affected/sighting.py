"""What the data map says of the people behind a collection's rows, and of a row itself. Pure.

A person is told by the field that holds the person's own id: one of the category `user.unique_id`,
the row's key before others. Where two could be meant nobody is told apart: to guess could send
somebody's breach to somebody else.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from chalicelib.connectors.datamap.models import Collection, Field
from chalicelib.connectors.places import Json
from chalicelib.connectors.rows import texts_at, values_at
from chalicelib.incidents.affected.models import Person, Question
from chalicelib.incidents.models import Recipient
from chalicelib.notices.models import LANGUAGES, Language
from chalicelib.vault.blind_index import Kind, normalise
from chalicelib.vault.errors import UnusableIdentifier

_USER_ID, _EMAIL = "user.unique_id", "user.contact.email"
_LANGUAGE = "user.demographic.language"
_EARLIEST, _LATEST = timedelta(hours=-14), timedelta(hours=12)
"""How far a local time may be from the same time in UTC: offsets go from -12 to 14."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 10**11
"""A number from here on counts milliseconds: as seconds it would be the year 5138, as milliseconds
less is before 1973."""

type Values = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class PersonFields:
    """The fields of a collection that say who a row is about; empty where there is none."""

    user_id: str
    email: str
    language: str

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.user_id, self.email, self.language)))


def person_fields(collection: Collection) -> PersonFields:
    """By identity, category, and key."""
    fields = collection.fields.values()
    ids = [each for each in fields if _is_of(each, _USER_ID)]
    addresses = [each for each in fields if _is_of(each, _EMAIL)]
    return PersonFields(
        _only(
            [each for each in fields if each.identity == "user_id"],
            [each for each in ids if each.primary_key],
            ids,
        ),
        _only([each for each in addresses if each.identity == "email"], addresses),
        _only([each for each in fields if _is_of(each, _LANGUAGE)]),
    )


def people_in(row: Values, fields: PersonFields, client: str) -> list[Person]:
    """Whom the row is about: several where ids are in a list. What is no id or address is none."""
    ids = _usable(Kind.REFERENCE, texts_at(row, fields.user_id)) if fields.user_id else []
    emails = _usable(Kind.EMAIL, texts_at(row, fields.email)) if fields.email else []
    language = _language(row, fields.language)
    subject = Recipient.SUBJECTS
    if not ids:
        return [Person(subject, each, "", client, language) for each in emails]
    # Of several people nobody knows whose address it is.
    email = emails[0] if emails and len(ids) == 1 else ""
    return [Person(subject, email, each, client, language) for each in ids]


def fits(row: Values, question: Question) -> bool:
    """Whether the row matches the whole filter."""
    return all(
        any(text in values for text in texts_at(row, path))
        for path, values in question.filter.items()
    )


def in_time(row: Values, question: Question) -> bool | None:
    """Whether any moment of the row is in [since, until); None where it has none to read.

    A day or a time without an offset is taken for wherever on earth it may have been.
    """
    if not question.time_field:
        return True
    spans = [
        span for value in values_at(row, question.time_field) if (span := _span(value)) is not None
    ]
    if not spans:
        return None
    return any(
        (question.until is None or first < question.until)
        and (question.since is None or last >= question.since)
        for first, last in spans
    )


def _span(value: Json) -> tuple[datetime, datetime] | None:
    """The first and the last moment that `value` may mean."""
    try:
        match value:
            case bool():
                return None
            case int() | float():
                seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else value
                at = _EPOCH + timedelta(seconds=seconds)
                return at, at
            case str() if value.replace(".", "", 1).isdecimal() and len(value) > len("20261125"):
                return _span(float(value))
            case str():
                return _span_of_text(value)
    except (ValueError, OverflowError):
        pass
    return None


def _span_of_text(text: str) -> tuple[datetime, datetime]:
    at = datetime.fromisoformat(text)
    if at.tzinfo:
        at = at.astimezone(UTC)
        return at, at
    first, last = at.replace(tzinfo=UTC), at.replace(tzinfo=UTC)
    if len(text) <= len("2026-11-25"):
        last = datetime.combine(date.fromisoformat(text), time.max, UTC)
    return first + _EARLIEST, last + _LATEST


def _language(row: Values, path: str) -> Language | None:
    texts = [each.lower()[:2] for each in texts_at(row, path)] if path else []
    return next((each for each in LANGUAGES if each in texts), None)


def _usable(kind: Kind, texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(_normalised(kind, texts)))


def _normalised(kind: Kind, texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        try:
            yield normalise(kind, text)
        except UnusableIdentifier:
            continue


def _is_of(field: Field, category: str) -> bool:
    return any(each == category or each.startswith(f"{category}.") for each in field.categories)


def _only(*choices: list[Field]) -> str:
    """The path of the one field of the first choice that there is; empty where it has several."""
    found: list[Field] = next(filter(None, choices), [])
    return found[0].path if len(found) == 1 else ""

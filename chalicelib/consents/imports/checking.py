"""Everything that can be said of a file before anything of it is recorded."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from chalicelib.clock import Clock
from chalicelib.consents.imports.models import Fault, Format, Report, Row
from chalicelib.consents.imports.reading import UnreadableFile, rows_of
from chalicelib.consents.receiving import identifiers
from chalicelib.consents.rules import check_moment
from chalicelib.consents.texts import ShownTexts
from chalicelib.consents.wire import CollectedIn
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.notices.models import Language
from chalicelib.parsing import parse_json
from chalicelib.vault.blind_index import Kind, normalise

MOST_ROWS = 20_000
MOST_FAULTS = 1000
"""Faults that a report names."""
_MOST_TEXTS = 200
"""Different texts, by language and purpose, that a file may name: each has to be looked for."""
_SHOWN_AS = {"body": "row", Kind.REFERENCE.value: "user_id"}


class Checker:
    """Checks files."""

    def __init__(self, texts: ShownTexts, clock: Clock) -> None:
        self._texts = texts
        self._clock = clock

    def check(self, format_: Format, content: str) -> Report:
        """All rows of the file, each checked to its end; the first 1,000 faults.

        Raises `UnreadableFile`, also for a file without rows or with more than 20,000.
        """
        sight = _Sight(self._texts, self._clock.now())
        good: list[Row] = []
        faults: list[Fault] = []
        rows = 0
        for rows, row in enumerate(rows_of(format_, content), 1):
            if rows > MOST_ROWS:
                raise UnreadableFile("too_many_rows")
            try:
                good.append(Row(rows, sight.checked(row)))
            except InvalidInput as refusal:
                found = dict.fromkeys(refusal.fields)
                named = (Fault(rows, _SHOWN_AS.get(e.field, e.field), e.code) for e in found)
                faults += list(named)[: MOST_FAULTS - len(faults)]
        if not rows:
            raise UnreadableFile("no_rows")
        return Report(rows, good, faults)


class _Sight:
    """What one file showed so far."""

    def __init__(self, texts: ShownTexts, now: datetime) -> None:
        self._texts = texts
        self._now = now
        self._errors_of_text: dict[tuple[str, Language, str], tuple[FieldError, ...]] = {}
        self._decided: set[tuple[Kind, str, str, datetime]] = set()

    def checked(self, row: str | FieldError) -> str:
        """The row as JSON in one line. Raises `InvalidInput`."""
        if isinstance(row, FieldError):
            raise InvalidInput(row)
        body = parse_json(CollectedIn, row.encode())
        errors = [
            *_errors(partial(check_moment, body.occurred_at, self._now)),
            *self._text_errors(body),
            *_identifier_errors(body),
        ]
        if errors:
            raise InvalidInput(*errors)
        self._take(body)
        return body.model_dump_json(exclude_none=True)

    def _text_errors(self, body: CollectedIn) -> tuple[FieldError, ...]:
        shown = (body.notice_sha256, body.language, body.purpose)
        if shown not in self._errors_of_text:
            if len(self._errors_of_text) >= _MOST_TEXTS:
                return (FieldError("notice_sha256", "too_many_texts"),)
            self._errors_of_text[shown] = _errors(partial(self._texts.ever, *shown))
        return self._errors_of_text[shown]

    def _take(self, body: CollectedIn) -> None:
        """Raises `InvalidInput` for what was said already, under any of the person's names."""
        decided = {
            (kind, normalise(kind, each), body.purpose, body.occurred_at)
            for kind, each in identifiers(body).items()
        }
        if decided & self._decided:
            raise InvalidInput(FieldError("row", "duplicate"))
        self._decided |= decided


def _identifier_errors(body: CollectedIn) -> Iterator[FieldError]:
    for kind, each in identifiers(body).items():
        yield from _errors(partial(normalise, kind, each))


def _errors(check: Callable[[], object]) -> tuple[FieldError, ...]:
    try:
        check()
    except InvalidInput as refusal:
        return refusal.fields
    return ()

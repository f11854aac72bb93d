"""What the API shows of the telling of breach notices."""

from collections.abc import Mapping
from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.http.paging import page_asked
from chalicelib.incidents.telling.ledger import BreachLedger
from chalicelib.incidents.telling.models import BreachTelling, Line, PublicWord
from chalicelib.incidents.telling.wire import (
    BreachTellingView,
    LedgerLine,
    LedgerPage,
    PublicWordView,
    TellingLine,
)
from chalicelib.notices.telling.models import Outcome
from chalicelib.tables.cursors import Cursors

OUTCOMES = [each.value for each in Outcome]


def telling_line(telling: BreachTelling) -> TellingLine:
    """How far it is."""
    return TellingLine(**_fields(telling))


def telling_view(ledger: BreachLedger, incident_id: str, notice_id: str) -> BreachTellingView:
    """How far it is, with its totals. Raises `NotTold`."""
    telling = ledger.telling(incident_id, notice_id)
    word = ledger.public_word(notice_id)
    return BreachTellingView(
        **_fields(telling),
        outcomes={each.value: count for each, count in sorted(ledger.totals(notice_id).items())},
        in_public=_word(word) if word else None,
    )


def ledger_page(
    ledger: BreachLedger,
    cursors: Cursors,
    incident_id: str,
    notice_id: str,
    query: Mapping[str, str],
) -> LedgerPage:
    """The page that `query` asks for.

    Raises `NotTold`, and `InvalidInput` for a bad `limit`, `cursor` or `outcome`.
    """
    listing = f"breach-told/{notice_id}"
    asked, outcome = page_asked(query, listing, cursors), query.get("outcome")
    if outcome is not None and outcome not in OUTCOMES:
        raise InvalidInput(FieldError("outcome", "not_allowed"))
    ledger.telling(incident_id, notice_id)
    wanted = Outcome(outcome) if outcome else None
    lines, last = ledger.page(notice_id, asked.limit, asked.start, wanted)
    return LedgerPage(
        lines=tuple(map(ledger_line, lines)),
        cursor=cursors.encode(listing, last) if last else None,
    )


def ledger_line(line: Line) -> LedgerLine:
    """One line of the ledger."""
    told, otherwise = line.told, line.otherwise
    return LedgerLine(
        recipient_id=told.reader_id,
        channel=told.channel,
        language=told.language,
        message_id=told.message_id,
        queued_at=rfc3339(told.queued_at),
        outcome=line.outcome,
        mail=told.outcome,
        at=rfc3339(told.at),
        reason=told.reason,
        means=otherwise.means if otherwise else None,
        means_at=rfc3339(otherwise.at) if otherwise else None,
        means_by=otherwise.by if otherwise else None,
    )


def _word(word: PublicWord) -> PublicWordView:
    return PublicWordView(at=rfc3339(word.at), by=word.by, where=word.where)


def _fields(telling: BreachTelling) -> dict[str, Any]:
    return {
        "incident_id": telling.incident_id,
        "notice_id": telling.notice_id,
        "recipient": telling.recipient.value,
        "drill": telling.drill,
        "state": telling.state.value,
        "round": telling.round,
        "started_at": rfc3339(telling.started_at),
        "done_at": rfc3339(telling.done_at) if telling.done_at else None,
        "told": telling.place.told,
        "unreachable": telling.place.unreachable,
    }

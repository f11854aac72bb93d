"""The parts of an evidence pack about notices.

notices/<notice id>/notice.json    its exact texts, whose decisions, how it was filed
notices/<notice id>/document.html, document.pdf    as it is handed in
notices/<notice id>/proof.<type>   what proves the filing, as it was given to us
notices/<notice id>/ledger.csv     a line for each recipient: opaque ids, outcomes, moments
"""

import csv
import io
from collections.abc import Iterable, Iterator

from chalicelib.clock import rfc3339
from chalicelib.incidents.notices.describing import notice_view
from chalicelib.incidents.notices.document import html_document, pdf_document
from chalicelib.incidents.notices.filing_store import FilingStore
from chalicelib.incidents.notices.models import Notice
from chalicelib.incidents.notices.proofs import ENDINGS, Proofs
from chalicelib.incidents.notices.rules import FILED
from chalicelib.incidents.notices.store import BreachNoticeStore
from chalicelib.incidents.pack.models import File, Part
from chalicelib.incidents.telling.ledger_store import LedgerStore
from chalicelib.incidents.telling.models import Line

_COLUMNS = (
    "recipient_id",
    "channel",
    "language",
    "queued_at",
    "outcome",
    "at",
    "reason",
    "means",
    "means_at",
    "means_by",
)
_LONG = 1024**3
"""Bytes: nobody knows beforehand how many recipients there are."""


def of_notices(store: BreachNoticeStore, filings: FilingStore, proofs: Proofs) -> Part:
    """Every notice that was proposed, with what became of it."""

    def files(incident_id: str) -> Iterator[File]:
        for seen in store.of_incident(incident_id):
            if notice := store.get(seen.notice_id):
                yield from _files_of(notice, filings, proofs)

    return files


def of_ledgers(store: BreachNoticeStore, lines: LedgerStore) -> Part:
    """Who was told, notice by notice, as far as somebody was."""

    def files(incident_id: str) -> Iterator[File]:
        for notice in store.of_incident(incident_id):
            if notice.decided_at and notice.recipient not in FILED:
                name = f"{_folder(notice)}/ledger.csv"
                yield File(name, _rows(lines.all(notice.notice_id)), _LONG)

    return files


def _files_of(notice: Notice, filings: FilingStore, proofs: Proofs) -> Iterator[File]:
    folder, filing = _folder(notice), filings.get(notice.notice_id)
    said = notice_view(notice, filing).model_dump_json(indent=1).encode()
    yield File(f"{folder}/notice.json", [said])
    if notice.recipient in FILED:
        yield File(f"{folder}/document.html", [html_document(notice)])
        yield File(f"{folder}/document.pdf", [pdf_document(notice)])
    if filing and filing.proof:
        ending = ENDINGS[filing.proof.media_type]
        yield File(f"{folder}/proof.{ending}", [proofs.read(filing.proof)])


def _folder(notice: Notice) -> str:
    return f"notices/{notice.notice_id}"


def _rows(lines: Iterable[Line]) -> Iterator[bytes]:
    # Ids, constants and moments alone: nothing that somebody typed could become a formula.
    yield _row(_COLUMNS)
    for line in lines:
        told, other = line.told, line.otherwise
        yield _row(
            (
                told.reader_id,
                told.channel,
                told.language,
                rfc3339(told.queued_at),
                line.outcome,
                rfc3339(told.at),
                told.reason or "",
                other.means if other else "",
                rfc3339(other.at) if other else "",
                other.by if other else "",
            )
        )


def _row(cells: Iterable[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()

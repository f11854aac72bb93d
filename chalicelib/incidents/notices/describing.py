"""What is shown of a notice: to the staff, and in a pack of evidence."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.incidents.models import Texts
from chalicelib.incidents.notices.filing_store import Filing
from chalicelib.incidents.notices.models import Notice, Written
from chalicelib.incidents.notices.wire import FilingView, NoticeLine, NoticeView, WrittenView
from chalicelib.notices.models import Language


def notice_line(notice: Notice) -> NoticeLine:
    """The notice as far as it stands in clear."""
    return NoticeLine(**_line(notice))


def notice_view(notice: Notice, filing: Filing | None) -> NoticeView:
    """The notice with what it says."""
    return NoticeView(
        **_line(notice),
        texts=texts_view(notice.texts),
        in_phases_because=_plain(notice.in_phases_because),
        late_because=_plain(notice.late_because),
        filing=_filing_view(filing) if filing else None,
    )


def texts_view(texts: Mapping[Language, Written]) -> dict[str, WrittenView]:
    """The texts by language."""
    return {
        language: WrittenView(
            subject=each.subject, text=each.text, html=each.html, sha256=each.sha256
        )
        for language, each in texts.items()
    }


def _line(notice: Notice) -> dict[str, Any]:
    return {
        "notice_id": notice.notice_id,
        "incident_id": notice.incident_id,
        "recipient": notice.recipient,
        "duties": notice.duty_ids,
        "phase": notice.phase,
        "supplements": notice.supplements or None,
        "follows": notice.follows,
        "drill": notice.drill,
        "state": notice.state,
        "proposed_by": notice.proposed_by,
        "proposed_at": rfc3339(notice.proposed_at),
        "decided_by": notice.decided_by or None,
        "decided_at": _moment(notice.decided_at),
        "filed_at": _moment(notice.filed_at),
        "sha256": {**notice.sha256},
    }


def _filing_view(filing: Filing) -> FilingView:
    proof = filing.proof
    return FilingView(
        filed_at=rfc3339(filing.filed_at),
        noted_by=filing.noted_by,
        means=filing.means,
        reference=filing.reference,
        late_because=_plain(filing.late_because),
        media_type=proof.media_type if proof else None,
        sha256=proof.sha256 if proof else None,
    )


def _plain(said: Texts) -> dict[str, str]:
    return {language: text for language, text in said.items()}  # noqa: C416  # of plain strings


def _moment(at: datetime | None) -> str | None:
    return rfc3339(at) if at else None

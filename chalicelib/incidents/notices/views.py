"""What the API shows of notices, and what it makes of what it is told."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.incidents.describing import texts_from
from chalicelib.incidents.models import Texts
from chalicelib.incidents.notices.document import html_document, pdf_document
from chalicelib.incidents.notices.filing import Told
from chalicelib.incidents.notices.filing_store import Filing
from chalicelib.incidents.notices.models import Notice, Written
from chalicelib.incidents.notices.proofs import Proof
from chalicelib.incidents.notices.rules import Asked
from chalicelib.incidents.notices.service import Preview
from chalicelib.incidents.notices.wire import (
    FileView,
    FilingIn,
    FilingView,
    MissingView,
    NoticeIn,
    NoticeLine,
    NoticeList,
    NoticeView,
    PreviewView,
    WrittenView,
)
from chalicelib.notices.models import Language

_DOCUMENTS = {
    "html": ("text/html;charset=utf-8", html_document),
    "pdf": ("application/pdf", pdf_document),
}
FORMATS = tuple(_DOCUMENTS)
_ENDINGS = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "message/rfc822": "eml",
}


def asked_from(said: NoticeIn) -> Asked:
    """What somebody wants to say to whom."""
    return Asked(
        said.recipient,
        said.duties,
        said.phase,
        texts_from(said.in_phases_because),
        texts_from(said.late_because),
    )


def told_from(said: FilingIn) -> Told:
    """What somebody says of a filing."""
    proof = said.proof
    return Told(
        said.filed_at,
        said.means,
        said.reference,
        proof.media_type if proof else "",
        proof.content if proof else b"",
        texts_from(said.late_because),
    )


def preview_view(preview: Preview) -> PreviewView:
    """What a notice would be."""
    draft, found = preview.draft, preview.judged
    return PreviewView(
        recipient=draft.recipient,
        duties=tuple(each.id for each in draft.duties),
        supplements=draft.supplements[0] if draft.supplements else None,
        missing=tuple(
            MissingView(field=each.field, code=each.code, article=each.article)
            for each in found.missing
        ),
        follows=found.follows,
        texts=_texts_view(preview.texts),
    )


def notice_list(notices: list[Notice]) -> NoticeList:
    """The notices as far as they stand in clear."""
    return NoticeList(notices=tuple(map(notice_line, notices)))


def notice_line(notice: Notice) -> NoticeLine:
    """The notice as far as it stands in clear."""
    return NoticeLine(**_line(notice))


def notice_view(notice: Notice, filing: Filing | None) -> NoticeView:
    """The notice with what it says."""
    return NoticeView(
        **_line(notice),
        texts=_texts_view(notice.texts),
        in_phases_because=_plain(notice.in_phases_because),
        late_because=_plain(notice.late_because),
        filing=_filing_view(filing) if filing else None,
    )


def document_view(notice: Notice, asked: str) -> FileView:
    """The notice, opened, as a file to be handed in. Raises `InvalidInput` for another format."""
    if asked not in _DOCUMENTS:
        raise InvalidInput(FieldError("format", "not_allowed"))
    media_type, made = _DOCUMENTS[asked]
    return _file(f"{notice.incident_id}-{notice.notice_id}.{asked}", media_type, made(notice))


def proof_view(proof: Proof, content: bytes) -> FileView:
    """What proves a filing."""
    ending = _ENDINGS[proof.media_type]
    return _file(f"{proof.incident_id}-{proof.proof_id}.{ending}", proof.media_type, content)


def _file(name: str, media_type: str, content: bytes) -> FileView:
    return FileView(
        name=name,
        media_type=media_type,
        sha256=sha256(content).hexdigest(),
        content=b64encode(content).decode(),
    )


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


def _texts_view(texts: Mapping[Language, Written]) -> dict[str, WrittenView]:
    return {
        language: WrittenView(
            subject=each.subject, text=each.text, html=each.html, sha256=each.sha256
        )
        for language, each in texts.items()
    }


def _plain(said: Texts) -> dict[str, str]:
    return {language: text for language, text in said.items()}  # noqa: C416  # of plain strings


def _moment(at: datetime | None) -> str | None:
    return rfc3339(at) if at else None

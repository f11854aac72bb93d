"""What the API shows of notices, and what it makes of what it is told."""

from base64 import b64encode
from hashlib import sha256

from chalicelib.clock import rfc3339
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.incidents.describing import texts_from
from chalicelib.incidents.notices.describing import notice_line, texts_view
from chalicelib.incidents.notices.document import html_document, pdf_document
from chalicelib.incidents.notices.filing import Told
from chalicelib.incidents.notices.models import Notice, Phase
from chalicelib.incidents.notices.proofs import ENDINGS, Proof
from chalicelib.incidents.notices.rules import Asked
from chalicelib.incidents.notices.service import Preview
from chalicelib.incidents.notices.wire import (
    FileView,
    FilingIn,
    MissingView,
    NoticeIn,
    NoticeList,
    PreviewView,
)

_DOCUMENTS = {
    "html": ("text/html;charset=utf-8", html_document),
    "pdf": ("application/pdf", pdf_document),
}
FORMATS = tuple(_DOCUMENTS)


def asked_from(said: NoticeIn) -> Asked:
    """What somebody wants to say to whom."""
    return Asked(
        said.recipient,
        said.duties,
        Phase(said.phase),
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
        expected_end=rfc3339(preview.ends_at) if preview.ends_at else None,
        missing=tuple(
            MissingView(field=each.field, code=each.code, article=each.article)
            for each in found.missing
        ),
        follows=found.follows,
        texts=texts_view(preview.texts),
    )


def notice_list(notices: list[Notice]) -> NoticeList:
    """The notices as far as they stand in clear."""
    return NoticeList(notices=tuple(map(notice_line, notices)))


def document_view(notice: Notice, asked: str) -> FileView:
    """The notice, opened, as a file to be handed in. Raises `InvalidInput` for another format."""
    if asked not in _DOCUMENTS:
        raise InvalidInput(FieldError("format", "not_allowed"))
    media_type, made = _DOCUMENTS[asked]
    return _file(f"{notice.incident_id}-{notice.notice_id}.{asked}", media_type, made(notice))


def proof_view(proof: Proof, content: bytes) -> FileView:
    """What proves a filing."""
    ending = ENDINGS[proof.media_type]
    return _file(f"{proof.incident_id}-{proof.proof_id}.{ending}", proof.media_type, content)


def _file(name: str, media_type: str, content: bytes) -> FileView:
    return FileView(
        name=name,
        media_type=media_type,
        sha256=sha256(content).hexdigest(),
        content=b64encode(content).decode(),
    )

"""Evidence packs on the wire."""

from typing import Any, Literal

from chalicelib.clock import rfc3339
from chalicelib.incidents.pack.models import Evidence, Link
from chalicelib.packing.objects import OBJECT_LIFE
from chalicelib.wire import Answer


class EvidenceView(Answer):
    """The pack that was ordered last.

    `sha256` (hex) and `size` (bytes) are the whole archive's; `deleted_at` is when the bucket
    deletes it.
    """

    state: Literal["building", "built", "deleted"]
    ordered_by: str
    ordered_at: str
    built_at: str | None
    deleted_at: str | None
    sha256: str | None
    size: int | None


class EvidenceLink(EvidenceView):
    """`url` downloads it; it ends a minute from now, at `url_expires_at`."""

    url: str | None
    url_expires_at: str | None


def evidence_view(evidence: Evidence) -> EvidenceView:
    """The order as it stands."""
    return EvidenceView(**_view(evidence, is_there=True))


def evidence_link(evidence: Evidence, link: Link | None) -> EvidenceLink:
    """The pack with its address, if it is there."""
    return EvidenceLink(
        **_view(evidence, is_there=link is not None),
        url=link.url if link else None,
        url_expires_at=rfc3339(link.url_expires_at) if link else None,
    )


def _view(evidence: Evidence, *, is_there: bool) -> dict[str, Any]:
    built = evidence.built
    finished = "built" if is_there else "deleted"
    return {
        "state": finished if built else "building",
        "ordered_by": evidence.ordered_by,
        "ordered_at": rfc3339(evidence.ordered_at),
        "built_at": rfc3339(built.built_at) if built else None,
        "deleted_at": rfc3339(built.built_at + OBJECT_LIFE) if built else None,
        "sha256": built.sha256 if built else None,
        "size": built.size if built else None,
    }

"""Checks the erasure ledger's documents without us: signatures, their chain, and its end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.audit.bundle import Chain, entry_from_json
from chalicelib.audit.erasing import ENTITY, link_of
from chalicelib.audit.erasures import (
    KIND,
    Erasures,
    UnreadableErasures,
    parse,
)
from chalicelib.audit.findings import Code, Finding, Findings
from chalicelib.audit.jws import PublicKey, UnreadableJws
from chalicelib.audit.link import Link
from chalicelib.tables.schema import UnreadableItem


@dataclass(frozen=True, slots=True)
class Report:
    """The well-signed documents in their order, and what is wrong."""

    documents: tuple[Erasures, ...]
    findings: tuple[Finding, ...]


def verify_erasures(
    texts: Iterable[str], keys: Sequence[PublicKey], noted: Iterable[Link] = ()
) -> Report:
    """Checks `texts`, the documents from the first to the last.

    `noted` are links that the trail's chain `ledger/erasures` noted, or that an auditor kept: a
    document that they know and that is missing was cut off.
    """
    findings = Findings()
    documents: list[Erasures] = []
    links = {0: Link.start(0)}
    for position, text in enumerate(texts):
        document = _open(text, keys, f"document {position + 1}", findings)
        if document is None:
            continue
        _check_link(document, links, findings)
        documents.append(document)
        links.setdefault(document.number, Link.after(document, text))
    for link in noted:
        where = f"document {link.number}"
        if link.number not in links:
            findings.add(Code.ERASURES_MISSING, where)
        elif links[link.number].sha256 != link.sha256:
            findings.add(Code.ERASURES_FORKED, where)
    return Report(tuple(documents), findings.found)


def noted_in(chains: Any) -> list[Link]:
    """The documents that the chain `ledger/erasures` of an exported bundle notes.

    The bundle is verified on its own. Raises `UnreadableItem`.
    """
    chain: Chain | None = chains.get(str(ENTITY))
    if chain is None:
        return []
    try:
        return [link_of(entry_from_json(each)[0]) for each in chain.entries]
    except (KeyError, ValueError):
        raise UnreadableItem(str(ENTITY)) from None


def _open(text: str, keys: Sequence[PublicKey], where: str, findings: Findings) -> Erasures | None:
    try:
        jws, document = parse(text)
    except (UnreadableJws, UnreadableErasures):
        findings.add(Code.ERASURES_UNREADABLE, where)
        return None
    if not (jws.kind == KIND and jws.is_signed_by(keys)):
        findings.add(Code.ERASURES_BAD_SIGNATURE, where)
        return None
    return document


def _check_link(document: Erasures, links: dict[int, Link], findings: Findings) -> None:
    where = f"document {document.number}"
    before = links.get(document.number - 1)
    if document.number in links:
        findings.add(Code.ERASURES_FORKED, where)
    elif before is None:
        findings.add(Code.ERASURES_MISSING, f"document {document.number - 1}")
    elif document.previous != before.sha256:
        findings.add(Code.ERASURES_BROKEN, where)
    elif before.number and document.start != before.end:
        findings.add(Code.ERASURES_WINDOW_GAP, where)

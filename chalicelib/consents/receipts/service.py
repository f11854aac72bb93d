"""Receipts of records: made when they are asked for, the same content each time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.audit.jws import Signer
from chalicelib.consents.models import ConsentEvent
from chalicelib.consents.receipts.dpv import consent_receipt
from chalicelib.consents.receipts.kantara import kantara_receipt
from chalicelib.consents.receipts.signed import signed_receipt
from chalicelib.notices.directory import Directory


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says, and the same as a compact JWS."""

    content: Mapping[str, Any]
    signed: str


class Receipts:
    """Makes receipts in the language in which the person was asked. One Sign each."""

    def __init__(self, directory: Directory, signer: Signer) -> None:
        self._directory = directory
        self._signer = signer

    def dpv(self, event: ConsentEvent) -> Receipt:
        """In the W3C DPV profile of ISO/IEC TS 27560. Raises `UnknownNotice`."""
        # A receipt is as opaque as its record, and there is one of each form.
        terms, language = self._terms(event), event.shown.language
        return self._signed(consent_receipt(event, terms, language, event.record_id))

    def kantara(self, event: ConsentEvent) -> Receipt:
        """As a Kantara consent receipt 1.1. Raises `UnknownNotice`."""
        terms, language = self._terms(event), event.shown.language
        content = kantara_receipt(
            event,
            terms,
            language,
            event.record_id,
            policy_url=terms["controller"]["policy_url"],
            key_thumbprint=self._signer.kid,
        )
        return self._signed(content)

    def _terms(self, event: ConsentEvent) -> Mapping[str, Any]:
        shown = event.shown
        notice = self._directory.version(shown.notice_id, shown.version)
        return notice.asks[event.purpose]

    def _signed(self, content: Mapping[str, Any]) -> Receipt:
        return Receipt(content, signed_receipt(self._signer, content))

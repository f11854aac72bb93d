"""A consent receipt as the Kantara Initiative's Consent Receipt Specification 1.1.0 has it.

Its categories are the ones that its working group published beside it, with their numbers. It knows
consent that was given only: any other state says so in collectionMethod, and has no consentType.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.clock import to_millis
from chalicelib.consents.models import VALID, ConsentEvent
from chalicelib.consents.receipts.wording import how_it_came, what_happened
from chalicelib.notices.models import Language

VERSION = "KI-CR-v1.1.0"

_PURPOSE: Mapping[str, tuple[str, ...]] = {
    "third_party_integration": (
        "2 - Contracted Service",
        "10 - 3rd Party Sharing for Core Function",
    ),
}
_PII: Mapping[str, str] = {
    "personnel_names": "1 - Biographical",
    "personnel_roles": "12 - Human Resources",
    "email_addresses": "2 - Contact",
    "phone_numbers": "2 - Contact",
    "other_contact_details": "2 - Contact",
    "bank_accounts": "7 - Financial",
    "payment_records": "7 - Financial",
    "transaction_history": "7 - Financial",
    "integration_data": "7 - Financial",
}


def kantara_receipt(
    event: ConsentEvent,
    terms: Mapping[str, Any],
    language: Language,
    receipt_id: str,
    *,
    policy_url: str,
    key_thumbprint: str | None = None,
) -> dict[str, Any]:
    """The receipt of `event`, its texts in `language`, as the 1.1 JSON schema takes it.

    `terms` are what the notice that was shown froze for the purpose, `policy_url` is where the
    policy stands, `key_thumbprint` the RFC 7638 thumbprint of the key that will sign the receipt.
    Of the person there is the opaque subject id alone. Equal inputs give equal receipts.
    """
    specific = [item for item in terms["data"] if item["specific"]]
    receipt = {
        "version": VERSION,
        "jurisdiction": terms["jurisdiction"],
        "consentTimestamp": to_millis(event.occurred_at) // 1000,
        "collectionMethod": _collection_method(event, language),
        "consentReceiptID": receipt_id,
        "language": language,
        "piiPrincipalId": event.subject_id,
        "piiControllers": [_controller(terms["controller"])],
        "policyUrl": policy_url,
        "services": [
            {"service": terms["label"][language], "purposes": [_purpose(event, terms, language)]}
        ],
        "sensitive": bool(specific),
        "spiCat": _categories(specific, language),
    }
    return receipt if key_thumbprint is None else {**receipt, "publicKey": key_thumbprint}


def _collection_method(event: ConsentEvent, language: Language) -> str:
    return f"{what_happened(event.state, language)}: {how_it_came(event.evidence, language)}"


def _controller(party: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "piiController": party["name"],
        "contact": party["contact"],
        "address": {"addressCountry": party["country"]},
        "email": party["email"],
        "phone": party["phone"],
        "piiControllerUrl": party["url"],
    }


def _purpose(event: ConsentEvent, terms: Mapping[str, Any], language: Language) -> dict[str, Any]:
    label, recipients = terms["label"][language], terms["recipients"][language]
    return {
        "purpose": terms["description"][language],
        "purposeCategory": list(_PURPOSE.get(terms["purpose"], (label,))),
        "consentType": "EXPLICIT" if event.state in VALID else "N/A",
        "piiCategory": _categories(terms["data"], language),
        "primaryPurpose": False,  # the service itself never rests on consent
        "termination": terms["retention"][language],
        "thirdPartyDisclosure": bool(recipients),
        "thirdPartyName": recipients,
    }


def _categories(items: list[Mapping[str, Any]], language: Language) -> list[str]:
    """Each category once, in the items' order; what the table lacks, by its own label."""
    return list(dict.fromkeys(_PII.get(item["id"], item["label"][language]) for item in items))

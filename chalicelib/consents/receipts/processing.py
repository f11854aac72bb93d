"""The processing that consent was asked for (guide, 8.3), as the notice froze it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chalicelib.consents.receipts import vocabulary
from chalicelib.consents.receipts.context import Node
from chalicelib.consents.receipts.durations import lasting, until_event
from chalicelib.notices.models import Language


def process(terms: Mapping[str, Any], language: Language) -> Node:
    """The dpv:Process of what `consent_terms` gave, its texts in `language`."""
    controller = terms["controller"]
    desk = f"mailto:{controller['email']}"
    return {
        "@type": "dpv:Process",
        "dct:title": terms["label"][language],
        "dpv:hasPurpose": {
            "@type": "dpv:Purpose",
            "dct:identifier": terms["purpose"],
            "dct:title": terms["label"][language],
            "dct:description": terms["description"][language],
            "skos:broader": vocabulary.PURPOSE.get(terms["purpose"], vocabulary.ANY_PURPOSE),
        },
        "dpv:hasLegalBasis": vocabulary.CONSENT_TYPE,
        "dpv:hasPersonalData": [_data(item, language) for item in terms["data"]],
        "dpv:hasDataSource": [_source(method, language) for method in terms["methods"]],
        "dpv:hasDataController": controller["url"],
        "dpv:hasRecipient": {
            "@type": ["dpv:Recipient", "dpv:ThirdParty"],
            "dct:description": terms["recipients"][language],
        },
        "dpv:hasStorageCondition": _storage(terms, language),
        "dpv:hasJurisdiction": _place(terms["jurisdiction"]),
        "dpv:hasConsentControl": {
            "@type": "dpv:WithdrawConsent",
            "dct:description": terms["withdrawal"][language],
            "dpv:isExercisedAt": desk,
        },
        "dpv:hasRight": [
            {
                "@type": "dpv:DataSubjectRight",
                "dct:identifier": right["id"],
                "dct:title": right["label"][language],
                "dpv:isExercisedAt": desk,
            }
            for right in terms["rights"]
        ],
    }


def _data(item: Mapping[str, Any], language: Language) -> Node:
    return {
        "@type": vocabulary.SPECIFIC_DATA if item["specific"] else vocabulary.ANY_PERSONAL_DATA,
        "dct:identifier": item["id"],
        "dct:title": item["label"][language],
        "skos:broader": vocabulary.PERSONAL_DATA.get(item["id"], vocabulary.ANY_PERSONAL_DATA),
    }


def _source(method: Mapping[str, Any], language: Language) -> Node:
    return {
        "@type": vocabulary.SOURCE.get(method["id"], vocabulary.ANY_SOURCE),
        "dct:identifier": method["id"],
        "dct:title": method["label"][language],
    }


def _storage(terms: Mapping[str, Any], language: Language) -> list[Node]:
    return [
        {
            "@type": "dpv:StorageLocation",
            "dpv:hasLocation": [_place(country) for country in terms["storage"]],
        },
        {
            "@type": "dpv:StorageDuration",
            "dpv:hasDuration": until_event(terms["retention"][language], language),
        },
        {
            "@type": "dpv:StorageDeletion",
            "dpv:hasDuration": lasting(timedelta(hours=terms["retention_hours_after"])),
        },
    ]


def _place(country: str) -> str:
    """DPV names countries by their ISO 3166-1 alpha-2 code, as the terms do."""
    return f"loc:{country}"

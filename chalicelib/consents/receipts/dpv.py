"""A consent receipt in the W3C DPV profile of ISO/IEC TS 27560:2023, as JSON-LD.

receipt   schema_version, receipt_id, and a copy of the record
record    schema_version, record_id, pii_principal_id, privacy_notice and language
  process   the purpose, the data, and how they are handled  (processing.py)
  entities  the controller as a party                        (parties.py)
  parts     the event: time, validity, entity, type, state
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.consents.models import ConsentEvent, Shown
from chalicelib.consents.receipts import vocabulary
from chalicelib.consents.receipts.context import Node, context
from chalicelib.consents.receipts.durations import lasting, until, until_event
from chalicelib.consents.receipts.parties import (
    SUBJECT,
    controller,
    identified,
    speaker,
    subject,
)
from chalicelib.consents.receipts.processing import process
from chalicelib.consents.receipts.wording import NEXT_DECISION, how_it_came, what_happened
from chalicelib.notices.models import Language

_SCHEMA = "https://w3id.org/dpv/schema/dpv-27560#"


def consent_receipt(
    event: ConsentEvent, terms: Mapping[str, Any], language: Language, receipt_id: str
) -> dict[str, Any]:
    """The receipt of `event`, its texts in `language`: JSON-LD that needs no other document.

    `terms` are what the notice that was shown froze for the purpose (`NoticeVersion.asks`). Of the
    person there is the opaque subject id alone. Equal inputs give equal receipts: one is as old as
    the record that it copies, whenever it is asked for (guide, 8 and 9; UU PDP 24).
    """
    return {
        "@context": context(language),
        "@type": "dpv:ConsentReceipt",
        **identified(receipt_id),
        "dct:conformsTo": f"{_SCHEMA}receipt",
        "dct:created": rfc3339(event.recorded_at),
        "dct:language": language,
        "dct:publisher": terms["controller"]["url"],
        "schema:recipient": SUBJECT,
        "dpv:hasRecordOfActivity": _record(event, terms, language),
    }


def _record(event: ConsentEvent, terms: Mapping[str, Any], language: Language) -> Node:
    record: Node = {
        "@type": "dpv:ConsentRecord",
        **identified(event.record_id),
        "dct:conformsTo": f"{_SCHEMA}record",
        "dct:created": rfc3339(event.recorded_at),
        "dpv:hasDataSubject": subject(event.subject_id),
        "dpv:hasNotice": _notice(event.shown),
        "dpv:hasProcess": process(terms, language),
        # The frozen terms that the process repeats in one language: a copy of them has this hash.
        "dct:source": {
            "dct:identifier": event.purpose,
            "schema:sha256": event.shown.terms_sha256,
        },
        "dpv:hasEntity": controller(terms["controller"]),
        "dpv:hasConsentStatus": vocabulary.STATUS[event.state],
        "dct:hasPart": _event(event, terms["controller"]["url"], language),
    }
    if event.previous is not None:
        record["dct:replaces"] = {"@type": "dpv:ConsentRecord", **identified(event.previous)}
    return record


def _notice(shown: Shown) -> Node:
    """What was shown, so that it can be found again, and told from what was not."""
    return {
        "@type": "dpv:ConsentNotice",
        "dct:identifier": shown.notice_id,
        "dct:language": shown.language,
        "schema:version": shown.version,
        "schema:sha256": shown.sha256,
    }


def _event(event: ConsentEvent, controller_id: str, language: Language) -> Node:
    return {
        "@type": vocabulary.STATUS[event.state],
        "dct:title": what_happened(event.state, language),
        "dpv:hasLegalBasis": vocabulary.CONSENT_TYPE,
        "dpv:isIndicatedAtTime": rfc3339(event.occurred_at),
        "dpv:isIndicatedBy": speaker(event, controller_id),
        "dpv:hasIndicationMethod": how_it_came(event.evidence, language),
        "dpv:hasDuration": _validity(event, language),
    }


def _validity(event: ConsentEvent, language: Language) -> list[Node]:
    """How long the state holds: a valid one for a time, any other until the person decides anew."""
    if event.expires_at is None:
        return [until_event(NEXT_DECISION[language], language)]
    return [lasting(event.shown.validity), until(event.expires_at)]

"""Receipts of whatever event and terms hypothesis comes up with are read by others' processors."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from chalicelib.consents.models import (
    Channel,
    ConsentEvent,
    Evidence,
    Guardian,
    Method,
    Relationship,
    Shown,
    State,
)
from chalicelib.consents.receipts.dpv import consent_receipt
from chalicelib.consents.receipts.kantara import kantara_receipt
from chalicelib.notices.models import LANGUAGES, Language
from tests.unit.consents.linked import graph
from tests.unit.consents.test_kantara_receipt import kantara_schema

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
both = st.fixed_dictionaries(dict.fromkeys(LANGUAGES, texts))
ids = st.from_regex(r"[0-9A-Za-z_]{1,26}", fullmatch=True)
hashes = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
countries = st.from_regex(r"[A-Z]{2}", fullmatch=True)
moments = st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
spans = st.integers(0, 10**9).map(lambda seconds: timedelta(seconds=seconds))
named = {"id": ids, "label": both}

asked = st.fixed_dictionaries(
    {
        "purpose": ids,
        "label": both,
        "description": both,
        "data": st.lists(
            st.fixed_dictionaries({**named, "category": ids, "specific": st.booleans()})
        ),
        "methods": st.lists(st.fixed_dictionaries(named), max_size=3),
        "recipients": both,
        "retention": both,
        "retention_hours_after": st.integers(0, 10**6),
        "validity_days": st.integers(1, 3650),
        "withdrawal": both,
        "rights": st.lists(st.fixed_dictionaries(named), max_size=3),
        "jurisdiction": countries,
        "storage": st.lists(countries, min_size=1, max_size=3, unique=True),
        "controller": st.fixed_dictionaries(
            {
                "name": texts,
                "contact": texts,
                "email": ids.map("{}@example.org".format),
                "url": ids.map("https://example.org/{}".format),
                "country": countries,
                "phone": texts,
            }
        ),
    }
)
guardians = st.none() | st.builds(Guardian, st.sampled_from(Relationship), texts, texts)
events = st.builds(
    ConsentEvent,
    record_id=ids,
    subject_id=ids,
    purpose=ids,
    state=st.sampled_from(State),
    before=st.sampled_from(State),
    shown=st.builds(
        Shown, ids, ids, hashes, st.sampled_from(LANGUAGES), hashes, hashes, validity=spans
    ),
    evidence=st.builds(
        Evidence, st.sampled_from(Method), st.sampled_from(Channel), ids, texts, guardians
    ),
    actor=ids,
    occurred_at=moments,
    recorded_at=moments,
    expires_at=st.none() | moments,
    previous=st.none() | ids,
)


@settings(deadline=None)
@given(events, asked, st.sampled_from(LANGUAGES), ids)
def test_json_ld_processors_take_any_receipt(
    event: ConsentEvent, terms: dict[str, Any], language: Language, receipt_id: str
) -> None:
    receipt = consent_receipt(event, terms, language, receipt_id)
    assert json.loads(json.dumps(receipt)) == receipt
    text = graph(receipt).serialize(format="nt")
    for value in (event.record_id, event.subject_id, event.shown.sha256, receipt_id):
        assert f'"{value}"' in text


@settings(deadline=None)
@given(events, asked, st.sampled_from(LANGUAGES), ids, st.none() | hashes)
def test_kantara_s_schema_takes_any_receipt(
    event: ConsentEvent,
    terms: dict[str, Any],
    language: Language,
    receipt_id: str,
    thumbprint: str | None,
) -> None:
    receipt = kantara_receipt(
        event,
        terms,
        language,
        receipt_id,
        policy_url="https://example.org/privacy",
        key_thumbprint=thumbprint,
    )
    assert json.loads(json.dumps(receipt)) == receipt
    Draft4Validator(kantara_schema()).validate(receipt)

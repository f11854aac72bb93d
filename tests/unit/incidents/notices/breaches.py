"""A breach of which everything is known, for tests of its notices."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.incidents.duties import with_duties
from chalicelib.incidents.models import (
    Awareness,
    DataCategory,
    Duty,
    Facts,
    Incident,
    Kind,
    Recipient,
    Source,
)
from chalicelib.incidents.notices.composing import Draft
from tests.fakes import START

INCIDENT_ID = "01JNC1DENT0000000000000000"
FACTS = Facts(
    title="A list went to the wrong address",
    nature={"en": "A list of names was sent away.", "id": "Sebuah daftar nama terkirim keluar."},
    how={"en": "By a wrong address in a mail.", "id": "Karena salah alamat surel."},
    kinds=frozenset({Kind.CONFIDENTIALITY}),
    occurred_from=START - timedelta(hours=20),
    occurred_until=START - timedelta(hours=4),
    systems=("crm",),
    categories=(
        DataCategory("personnel_names", specific=False),
        DataCategory("bank_accounts", specific=True),
    ),
    people=1234,
    records=56789,
    clients=("pt-maju",),
    countries=("ID", "DE"),
    consequences={
        "en": "Somebody may call in your name.",
        "id": "Seseorang dapat menelepon atas nama Anda.",
    },
    measures={"en": "The list was deleted there.", "id": "Daftar itu sudah dihapus di sana."},
    recovery={"en": "Nothing was lost here.", "id": "Tidak ada yang hilang di sini."},
    public_interest=True,
)


def breach(facts: Facts = FACTS, *, drill: bool = False) -> Incident:
    """An incident that we know of since `START`, with its duties."""
    awareness = Awareness(START, "01JDPO", START, "a caller said so", "statement")
    made = Incident(
        INCIDENT_ID, Source.STAFF, drill, "01JREPORTER", START, facts, awareness=awareness
    )
    return with_duties(made)


def duties_to(recipient: Recipient, incident: Incident | None = None) -> list[Duty]:
    return [each for each in (incident or breach()).duties if each.recipient is recipient]


def draft(recipient: Recipient, incident: Incident | None = None, **said: Any) -> Draft:
    about = incident or breach()
    return replace(Draft(about, recipient, duties_to(recipient, about)), **said)

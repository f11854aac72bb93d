"""Data maps of SQL databases and of systems that answer later."""

import pytest

from chalicelib.connectors.datamap.checks import Finding, check_map
from chalicelib.connectors.datamap.models import StoreKind
from chalicelib.connectors.datamap.reading import read_map
from chalicelib.connectors.datamap.settings import RdsSettings, WebhookSettings
from chalicelib.connectors.datamap.text import InvalidDataMap

BANK = """
dataset:
  - fides_key: bank
    meta:
      jaga:
        kind: rds
        cluster: arn:aws:rds:ap-southeast-3:111122223333:cluster:bank
        secret: bank
        database: main
        collections:
          people: {erase: delete}
    collections:
      - name: people
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
"""
CRM = """
dataset:
  - fides_key: crm
    meta: {jaga: {kind: webhook, endpoint: 01K0ENDPOINT00000000000000}}
    collections:
      - name: people
        fields:
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
"""


def test_a_database_is_described() -> None:
    dataset = read_map(BANK).datasets["bank"]
    assert dataset.kind is StoreKind.RDS
    settings = dataset.settings
    assert isinstance(settings, RdsSettings)
    assert (settings.database, settings.secret, settings.in_schema) == ("main", "bank", "public")
    assert check_map(read_map(BANK), (), ()) == []


def test_a_schema_may_be_named() -> None:
    text = BANK.replace("database: main", "database: main\n        schema: private")
    assert read_map(text).datasets["bank"].settings.in_schema == "private"


def test_a_system_that_answers_later_is_described() -> None:
    dataset = read_map(CRM).datasets["crm"]
    assert dataset.kind is StoreKind.WEBHOOK
    assert isinstance(dataset.settings, WebhookSettings)
    assert dataset.identities() == [("email", "people.email")]


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (BANK, "arn:aws:rds:ap-southeast-3:111122223333:cluster:bank", "bank"),
        (BANK, "secret: bank", "password: canary"),
        (BANK, "database: main", "database: 1"),
        (CRM, "01K0ENDPOINT00000000000000", "https://crm.example.com/canary"),
    ],
)
def test_what_says_not_where_is_refused(text: str, old: str, new: str) -> None:
    with pytest.raises(InvalidDataMap) as refused:
        read_map(text.replace(old, new))
    assert all(field.field.startswith("dataset.0.meta.jaga") for field in refused.value.fields)
    assert "canary" not in repr(refused.value.fields)


def test_a_lookup_inside_a_column_stands_in_the_way() -> None:
    nested = BANK.replace(
        "- {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}",
        "- name: contact\n            fields:\n              - {name: email, data_categories:"
        " [user.contact.email], fides_meta: {identity: email}}",
    )
    assert check_map(read_map(nested), (), ()) == [
        Finding("bank.people.contact.email", "not_a_column")
    ]


def test_a_name_that_cannot_stand_in_sql_stands_in_the_way() -> None:
    odd = BANK.replace("{name: id,", "{name: 'i\"d',")
    assert check_map(read_map(odd), (), ()) == [Finding('bank.people.i"d', "wrong_format")]

"""Data maps: what loads, what is refused and where, what a map means, what publishing checks."""

from dataclasses import replace

import pytest

from chalicelib.connectors.datamap.checks import check_map
from chalicelib.connectors.datamap.models import (
    Address,
    Anonymising,
    Anonymity,
    DataMap,
    Erase,
    Keep,
    Lead,
    Mark,
    Retention,
    StoreKind,
    Strategy,
)
from chalicelib.connectors.datamap.reading import read_map
from chalicelib.connectors.datamap.text import MAX_BYTES, InvalidDataMap, parse_yaml
from chalicelib.connectors.datamap.vocabulary import categories
from chalicelib.errors import FieldError
from tests.maps import BOTH, DESCRIBED, ENUMERABLE, SHOP, data_map, register
from tests.vectors.shared import shared

COLLECTION = "dataset.0.collections.0"
FIELDS = f"{COLLECTION}.fields"
OURS = "dataset.0.meta.jaga"
SAMPLES = "fideslang"
GOOD = [
    "demo_dataset.yml",
    "dynamodb_example_test_dataset.yml",
    "example_field_masking_override_test_dataset.yml",
    "postgres_example_test_dataset.yml",
]
BAD = {
    "failing_dataset_collection_taxonomy.yml": ("line 8", "malformed_yaml"),
    "failing_dataset_field_taxonomy.yml": (
        f"{FIELDS}.1.data_categories.0",
        "unknown_category",
    ),
    "failing_dataset_taxonomy.yml": ("dataset.0.data_categories.0", "unknown_category"),
    "failing_nested_dataset.yml": (
        f"{FIELDS}.1.fields.0.data_categories.0",
        "unknown_category",
    ),
}
ADDRESSES = """          addresses:
            table: shop-addresses
            key: [id]
            erase: mask
"""
MANDATES = {"tax_books"}
CATEGORIES = {"business"}
KNOWN = {"business", "technical"}


def refusals(text: str) -> list[FieldError]:
    with pytest.raises(InvalidDataMap) as refused:
        read_map(text)
    return list(refused.value.fields)


def sample(name: str) -> str:
    return (shared(SAMPLES) / name).read_text("utf-8")


@pytest.mark.parametrize("name", GOOD)
def test_maps_of_fides_load_as_they_are(name: str) -> None:
    assert read_map(sample(name)).datasets


@pytest.mark.parametrize(("name", "refusal"), BAD.items())
def test_maps_that_must_be_refused(name: str, refusal: tuple[str, str]) -> None:
    assert refusals(sample(name))[0] == FieldError(*refusal)


def test_no_sample_is_forgotten() -> None:
    assert {each.name for each in shared(SAMPLES).glob("*.yml")} == {*GOOD, *BAD}


def test_a_sample_of_fides_means_what_it_says() -> None:
    (dataset,) = read_map(sample("postgres_example_test_dataset.yml")).datasets.values()
    key = dataset.key
    login, customer = Address(key, "login", "customer_id"), Address(key, "customer", "id")
    assert Lead(customer, login) in dataset.leads
    assert Lead(login, customer) not in dataset.leads
    assert ("email", "service_request.alt_email") in dataset.identities()
    masking = dataset.collections["employee"].fields["name"].masking
    assert masking is not None
    assert masking.configuration["format_preservation"] == {"suffix": "-test"}
    assert dataset.kind is None


def test_nested_fields_are_paths_and_a_misplaced_masking_counts() -> None:
    (dataset,) = read_map(
        sample("example_field_masking_override_test_dataset.yml")
    ).datasets.values()
    fields = dataset.collections["customer"].fields
    assert "address.city" in fields
    assert "address" not in fields
    masking = fields["address.state"].masking
    assert masking is not None
    assert masking.strategy == "null_rewrite"


def test_our_own_words() -> None:
    dataset = data_map().datasets["shop"]
    assert dataset.kind is StoreKind.DYNAMODB
    orders = dataset.collections["orders"]
    assert orders.erase is Erase.DELETE
    wanted = frozenset({"customer_id", "number", "total", "paid_on"})
    assert orders.keeps == (Keep("tax_books", "paid_on", wanted),)
    assert orders.restriction == Mark("processing", "restricted")
    assert data_map().datasets["shop_logs"].settings.bucket == "shop-logs"


def test_what_a_field_says_of_its_anonymising() -> None:
    dataset = register("dynamodb")
    assert dataset.collections["guests"].anonymity == Anonymity(3, ("born", "city"))
    assert dataset.collections["calls"].anonymity is None
    fields = {
        path: field
        for name in ("guests", "calls")
        for path, field in dataset.collections[name].fields.items()
    }
    assert {path: each.anonymising for path, each in fields.items() if each.anonymising} == {
        "born": Anonymising(Strategy.GENERALISE, to="year"),
        "city": Anonymising(Strategy.GENERALISE, prefix=3),
        "phone": Anonymising(Strategy.KEYED_HASH),
        "seconds": Anonymising(Strategy.BUCKET, edges=(0, 60, 600)),
    }


@pytest.mark.parametrize("words", ["null", "text", "[1]", "{fides: {jaga: 1}}"])
def test_what_others_say_of_a_field_is_passed_over(words: str) -> None:
    read_map(DESCRIBED + f"            meta: {words}\n")


def test_a_hash_is_no_quasi_identifier() -> None:
    shop = register("s3")
    guests = shop.collections["guests"]
    hashed = replace(guests.fields["city"], anonymising=Anonymising(Strategy.KEYED_HASH))
    fields = {**guests.fields, "city": hashed}
    changed = replace(shop, collections={"guests": replace(guests, fields=fields)})
    findings = check_map(DataMap({"register": changed}), MANDATES, CATEGORIES)
    assert [each.code for each in findings if each.is_error] == ["hashed_quasi_identifier"]


def test_a_personal_key_that_anonymising_leaves_is_warned_of() -> None:
    findings = check_map(DataMap({"register": register("s3")}), MANDATES, CATEGORIES)
    assert [each.where for each in findings if each.code == "stays_after_anonymising"] == [
        "register.guests.id"
    ]


def test_leads_between_datasets_are_the_maps() -> None:
    lead = Lead(Address("shop", "customers", "id"), Address("shop_logs", "visits", "customer_id"))
    assert data_map().leads == (lead,)
    assert all(each.source.dataset == "shop" for each in data_map().datasets["shop"].leads)


def test_a_reference_without_direction_leads_both_ways_and_is_warned_of() -> None:
    text = SHOP.replace("field: addresses.id, direction: to", "field: addresses.id")
    leads = data_map(text).datasets["shop"].leads
    order, address = Address("shop", "orders", "address_id"), Address("shop", "addresses", "id")
    assert {Lead(order, address), Lead(address, order)} <= set(leads)
    warned = {
        each.where for each in check_map(data_map(text), MANDATES, CATEGORIES) if not each.is_error
    }
    assert {"shop.orders.address_id", "shop.addresses.id"} <= warned


def test_categories_are_inherited_from_collection_and_dataset() -> None:
    text = DESCRIBED.replace(
        "- name: customers", "- name: customers\n        data_categories: [user.account]"
    )
    fields = data_map(text).datasets["shop"].collections["customers"].fields
    assert fields["id"].categories == ("user.account", "user.unique_id")


def test_a_file_may_add_its_own_categories() -> None:
    text = DESCRIBED.replace("user.contact.email]", "user.shoe_size]")
    assert refusals(text)[0].code == "unknown_category"
    assert data_map(text + "\ndata_category:\n  - fides_key: user.shoe_size\n").datasets


def test_the_vocabulary_is_that_of_fides() -> None:
    import json  # noqa: PLC0415

    named = json.loads(sample("data_categories.json"))["data_category"]
    assert categories() == {each["fides_key"] for each in named}


@pytest.mark.parametrize(
    ("text", "where", "code"),
    [
        ("a: &x [1]\nb: *x", "line 2", "alias"),
        ("dataset: 1\ndataset: 2", "line 1", "duplicate_key"),
        ("[" * 50_000, "line 1", "too_large"),
        ("a: !!python/object:os.system x", "line 1", "tag"),
        ("a: !include secrets.yml", "line 1", "tag"),
        ("- a", "yaml", "wrong_type"),
        ("? [a]\n: b", "line 1", "malformed_yaml"),
        ("a: 2026-99-99", "dataset", "missing"),
        ("a: 1\nb: " + "x" * 1_001, "line 2", "too_long"),
        ("a: 1" + ":59" * 1_000, "line 1", "too_long"),
        ("? " + "9" * 1_001 + "\n: a", "line 1", "too_long"),
        ("a: 1\n---\nb: 1", "line 2", "malformed_yaml"),
        ("\x00", "yaml", "malformed_yaml"),
        ("x" * (MAX_BYTES + 1), "yaml", "too_long"),
        ("dataset: []", "dataset", "invalid_value"),
        ("system: []", "dataset", "missing"),
        (DESCRIBED.replace("name: email", "name: id"), f"{FIELDS}.1", "duplicate"),
        (DESCRIBED.replace("name: email", "name: e.mail"), f"{FIELDS}.1.name", "wrong_format"),
        (
            DESCRIBED.replace("fides_key: shop", "fides_key: 'a b'"),
            "dataset.0.fides_key",
            "invalid_value",
        ),
        (
            DESCRIBED.replace("primary_key: true", "primary_key: sure"),
            f"{FIELDS}.0.fides_meta.primary_key",
            "wrong_type",
        ),
        (
            SHOP.replace("field: orders.customer_id", "field: orders.customer"),
            f"{FIELDS}.0.fides_meta.references.0",
            "unknown_reference",
        ),
        (
            SHOP.replace("dataset: shop, field: orders", "dataset: shops, field: orders"),
            f"{FIELDS}.0.fides_meta.references.0",
            "unknown_reference",
        ),
        (
            SHOP.replace("erase: mask", "erase: burn"),
            f"{OURS}.collections.addresses.erase",
            "not_allowed",
        ),
        (SHOP.replace("keep: [{", "keeps: [{"), f"{OURS}.collections.orders", "unknown_field"),
        (SHOP.replace("kind: dynamodb", "kind: floppy"), OURS, "invalid_value"),
        (
            SHOP.replace(
                "          tickets:\n            table", "          tickts:\n            table"
            ),
            f"{OURS}.collections.tickts",
            "unknown_collection",
        ),
        *(
            (DESCRIBED + f"            meta: {{jaga: {words}}}\n", f"{FIELDS}.1.meta.{at}", code)
            for words, at, code in (
                ("{anonymise: {strategy: bury}}", "jaga.anonymise.strategy", "not_allowed"),
                ("{anonymise: {}}", "jaga.anonymise.strategy", "missing"),
                ("{anonymize: {strategy: drop}}", "jaga", "unknown_field"),
                ("{anonymise: {strategy: drop, prefix: 1}}", "jaga.anonymise", "invalid_value"),
                ("{anonymise: {strategy: bucket}}", "jaga.anonymise", "invalid_value"),
                ("{anonymise: {strategy: generalise}}", "jaga.anonymise", "invalid_value"),
                (
                    "{anonymise: {strategy: generalise, to: year, step: 2}}",
                    "jaga.anonymise",
                    "invalid_value",
                ),
                (
                    "{anonymise: {strategy: generalise, step: 0}}",
                    "jaga.anonymise.step",
                    "invalid_value",
                ),
                (
                    "{anonymise: {strategy: bucket, edges: [1, 1]}}",
                    "jaga.anonymise",
                    "invalid_value",
                ),
                (
                    "{anonymise: {strategy: generalise, to: day}}",
                    "jaga.anonymise.to",
                    "not_allowed",
                ),
            )
        ),
        (
            BOTH.replace(
                "          - name: people\n",
                "          - name: people\n"
                "            meta: {jaga: {anonymise: {strategy: drop}}}\n",
            ),
            "dataset.0.collections.2.fields.2.meta.jaga",
            "not_allowed",
        ),
        (
            SHOP.replace("erase: mask", "anonymise: {k: 1, quasi_identifiers: [id]}", 1),
            f"{OURS}.collections.addresses.anonymise.k",
            "invalid_value",
        ),
    ],
)
def test_what_is_refused_and_where(text: str, where: str, code: str) -> None:
    assert FieldError(where, code) in refusals(text)


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        *((text, None) for text in ("", "~", "null", "NULL")),
        *((text, True) for text in ("true", "True", "yes", "on")),
        *((text, False) for text in ("false", "FALSE", "no", "Off")),
        *(("0", 0), ("12", 12), ("+12", 12), ("-3", -3), ("9" * 18, int("9" * 18))),
        *(("1.50", 1.5), ("-0.25", -0.25)),
        *(("'12'", "12"), ("! x", "x"), ("x" * 1_000, "x" * 1_000)),
    ],
)
def test_a_scalar_is_null_a_boolean_a_number_or_text(scalar: str, value: object) -> None:
    assert parse_yaml(f"a: {scalar}") == {"a": value}


@pytest.mark.parametrize(
    "scalar",
    [
        *("1:59", "-1:59:59.5", "1" + ":59" * 300, "1_000", "007", "0o7", "0x1F", "0b1"),
        *("9" * 19, "9" * 1_000, "1e5", "1.5e300", ".5", "5.", ".inf", ".nan"),
        *("2026-11-24", "2026-11-24 10:00:00", "=", "nULL", "tRUE"),
    ],
)
def test_what_else_yaml_knows_is_text(scalar: str) -> None:
    assert parse_yaml(f"a: {scalar}") == {"a": scalar}


def test_a_merge_key_merges_nothing() -> None:
    assert parse_yaml("<<: {a: 1}\nb: 2") == {"<<": {"a": 1}, "b": 2}


def test_all_refusals_come_at_once_and_none_quotes() -> None:
    text = DESCRIBED.replace("user.unique_id", "user.secret_a").replace(
        "user.contact.email", "user.secret_b"
    )
    found = refusals(text)
    assert len(found) == 2
    assert "secret" not in str(found)


def test_a_good_map_has_no_error() -> None:
    assert not [each for each in check_map(data_map(), MANDATES, CATEGORIES) if each.is_error]


@pytest.mark.parametrize(
    ("old", "new", "where", "code"),
    [
        ("categories: [business]", "categories: [art]", "shop.art", "unknown_policy_category"),
        ("rule: tax_books", "rule: habit", "shop.orders.keep.0.rule", "unknown_mandate"),
        ("from: paid_on", "from: paid", "shop.orders.paid", "unknown_field"),
        ("total, paid_on]", "totals]", "shop.orders.totals", "unknown_field"),
        ("field: processing, value", "field: mark, value", "shop.customers.mark", "unknown_field"),
        ("indexes: {email: by-email}", "indexes: {}", "shop.customers.email", "no_index"),
        ("scan: true", "scan: false", "shop.tickets.from", "no_index"),
        ("key: [customer_id, number]", "key: [customer_id, nr]", "shop.orders.nr", "unknown_field"),
        (
            "key: [customer_id, number]",
            "key: [customer_id, total]",
            "shop.orders.total",
            "key_not_primary",
        ),
        (
            "erase: delete\n            restriction",
            "anonymise: {k: 3, quasi_identifiers: [born]}\n            restriction",
            "shop.customers.born",
            "unknown_field",
        ),
        (
            "erase: delete\n            restriction",
            "anonymise: {k: 3, quasi_identifiers: [name]}\n            restriction",
            "shop.customers.anonymise",
            "no_scan",
        ),
        ("string_rewrite", "aes_encrypt", "shop.addresses.people.name", "unsupported_masking"),
        ("string_rewrite", "made_up", "shop.addresses.people.name", "unsupported_masking"),
        (ADDRESSES, "", "shop.addresses", "missing_settings"),
    ],
)
def test_what_stands_in_the_way_of_publishing(old: str, new: str, where: str, code: str) -> None:
    assert old in BOTH
    findings = check_map(data_map(BOTH.replace(old, new, 1)), MANDATES, CATEGORIES)
    assert (where, code) in {(each.where, each.code) for each in findings if each.is_error}


def test_how_rows_stand_under_retention() -> None:
    found = data_map(ENUMERABLE).datasets
    assert found["shop"].collections["customers"].retention == Retention(
        "technical",
        "controller",
        {"collected": "since", "last_used": "seen"},
        "company",
        "user_id",
    )
    assert found["shop_logs"].collections["visits"].retention == Retention(
        "technical", "controller", {"last_used": "at"}, numbers="seconds"
    )
    assert found["shop"].collections["orders"].retention is None
    assert not [each for each in check_map(data_map(ENUMERABLE), MANDATES, KNOWN) if each.is_error]


@pytest.mark.parametrize(
    ("old", "new", "where", "code"),
    [
        ("client: company", "client: firm", "shop.customers.firm", "unknown_field"),
        ("person: user_id", "person: user", "shop.customers.user", "unknown_field"),
        ("last_used: seen", "last_used: use", "shop.customers.use", "unknown_field"),
        ("y: technical", "y: art", "shop.customers.retention", "unknown_policy_category"),
        ("scan: true", "scan: false", "shop.customers.retention", "no_scan"),
        (
            "primary_key: true\n              references: [{dataset: shop, field: cust",
            "references: [{dataset: shop, field: cust",
            "shop_logs.visits.retention",
            "not_addressable",
        ),
    ],
)
def test_what_cannot_be_enumerated_is_not_published(
    old: str, new: str, where: str, code: str
) -> None:
    assert old in ENUMERABLE
    findings = check_map(data_map(ENUMERABLE.replace(old, new, 1)), MANDATES, KNOWN)
    assert (where, code) in {(each.where, each.code) for each in findings if each.is_error}


def test_a_system_that_is_asked_lists_no_rows() -> None:
    ours = (
        'meta: {jaga: {kind: webhook, endpoint: "01JENDPOINT000000000000000", collections: '
        "{customers: {retention: {category: technical, role: controller, "
        "triggers: {collected: id}}}}}}"
    )
    asked = DESCRIBED.replace("name: Shop", f"{ours}\n    name: Shop")
    (finding,) = check_map(data_map(asked), MANDATES, KNOWN)
    assert (finding.where, finding.code) == ("shop.customers.retention", "not_addressable")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("role: controller", "role: owner", "not_allowed"),
        ("{collected: since, last_used: seen}", "{}", "invalid_value"),
        ("collected: since", "request: since", "not_allowed"),
        ("numbers: seconds", "numbers: days", "not_allowed"),
        ("person: user_id", "persons: user_id", "unknown_field"),
    ],
)
def test_words_about_retention_that_are_none(old: str, new: str, code: str) -> None:
    assert old in ENUMERABLE
    (refusal,) = refusals(ENUMERABLE.replace(old, new, 1))
    assert refusal.code == code
    assert ".retention" in refusal.field


def test_a_system_that_is_asked_needs_no_settings_of_its_collections() -> None:
    ours = 'meta: {jaga: {kind: webhook, endpoint: "01JENDPOINT000000000000000"}}'
    asked = DESCRIBED.replace("name: Shop", f"{ours}\n    name: Shop")
    assert check_map(data_map(asked), MANDATES, CATEGORIES) == []


@pytest.mark.parametrize(("count", "codes"), [(40, set()), (41, {"too_many_places"})])
def test_a_request_is_planned_for_40_places_at_most(count: int, codes: set[str]) -> None:
    (shop,) = data_map(SHOP).datasets.values()
    (described,) = data_map(DESCRIBED).datasets.values()  # not connected: nothing is done there
    many = {f"place-{number}": shop for number in range(count)} | {"described": described}
    findings = check_map(DataMap(many), MANDATES, CATEGORIES)
    assert {each.code for each in findings if each.is_error} == codes


def test_no_place_is_called_as_retention_calls_our_own() -> None:
    (shop,) = data_map(SHOP).datasets.values()
    findings = check_map(DataMap({"jaga": replace(shop, key="jaga")}), MANDATES, CATEGORIES)
    assert ("jaga", "reserved_place") in {(each.where, each.code) for each in findings}


def test_what_is_warned_of() -> None:
    findings = check_map(
        data_map(BOTH + DESCRIBED.replace("dataset:\n", "").replace("shop", "desk")),
        MANDATES,
        CATEGORIES,
    )
    warned = {(each.where, each.code) for each in findings}
    assert ("desk", "not_connected") in warned
    assert ("shop_logs.mails.to", "stays_after_erasure") in warned
    unfound = BOTH.replace(
        "references: [{dataset: shop, field: addresses.id, direction: to}]", "length: 9"
    )
    findings = check_map(data_map(unfound), MANDATES, CATEGORIES)
    assert ("shop.addresses", "never_found") in {(each.where, each.code) for each in findings}

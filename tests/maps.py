"""Data maps for tests, as texts and as values."""

from chalicelib.connectors.datamap.models import DataMap, Dataset
from chalicelib.connectors.datamap.reading import read_map

DESCRIBED = """
dataset:
  - fides_key: shop
    name: Shop
    collections:
      - name: customers
        fields:
          - name: id
            data_categories: [user.unique_id]
            fides_meta: {primary_key: true}
          - name: email
            data_categories: [user.contact.email]
            fides_meta: {identity: email}
"""
"""A map of what is described and not connected."""

SHOP = """
dataset:
  - fides_key: shop
    name: The shop
    meta:
      jaga:
        kind: dynamodb
        categories: [business]
        collections:
          customers:
            table: shop-customers
            key: [id]
            indexes: {email: by-email}
            erase: delete
            restriction: {field: processing, value: restricted}
          orders:
            table: shop-orders
            key: [customer_id, number]
            erase: delete
            keep: [{rule: tax_books, from: paid_on, fields: [customer_id, number, total, paid_on]}]
            restriction: {field: processing, value: restricted}
          addresses:
            table: shop-addresses
            key: [id]
            erase: mask
          tickets:
            table: shop-tickets
            key: [id]
            scan: true
            erase: mask
    collections:
      - name: customers
        fields:
          - name: id
            data_categories: [user.unique_id]
            fides_meta:
              primary_key: true
              references: [{dataset: shop, field: orders.customer_id, direction: to}]
          - name: email
            data_categories: [user.contact.email]
            fides_meta: {identity: email}
          - name: name
            data_categories: [user.name]
          - name: logins
            data_categories: [system.operations]
            fides_meta: {data_type: integer}
          - name: processing
            data_categories: [system.operations]
      - name: orders
        fields:
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta: {primary_key: true}
          - name: number
            data_categories: [system.operations]
            fides_meta:
              primary_key: true
              data_type: integer
          - name: total
            data_categories: [user.financial]
          - name: paid_on
            data_categories: [system.operations]
          - name: address_id
            data_categories: [system.operations]
            fides_meta:
              references: [{dataset: shop, field: addresses.id, direction: to}]
          - name: note
            data_categories: [user.content.private]
          - name: processing
            data_categories: [system.operations]
      - name: addresses
        fields:
          - name: id
            data_categories: [system.operations]
            fides_meta: {primary_key: true}
          - name: street
            data_categories: [user.contact.address.street]
          - name: people
            fields:
              - name: name
                data_categories: [user.name]
                fides_meta:
                  masking_strategy_override:
                    strategy: string_rewrite
                    configuration: {rewrite_value: someone}
              - name: since
                data_categories: [system.operations]
      - name: tickets
        fields:
          - name: id
            data_categories: [system.operations]
            fides_meta: {primary_key: true}
          - name: from
            data_categories: [user.contact.email]
            fides_meta: {identity: email}
          - name: text
            data_categories: [user.content.private]
"""
"""A shop in DynamoDB: keys, an index, a scan, nested fields, a mandate, a mark."""

LOGS = """
  - fides_key: shop_logs
    name: Logs of the shop
    meta:
      jaga:
        kind: s3
        bucket: shop-logs
        collections:
          visits: {prefix: visits/, format: ndjson, erase: delete}
          mails: {prefix: mails/, format: csv, erase: mask}
    collections:
      - name: visits
        fields:
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta:
              references: [{dataset: shop, field: customers.id, direction: from}]
          - name: ip
            data_categories: [user.device.ip_address]
          - name: at
            data_categories: [system.operations]
      - name: mails
        fields:
          - name: to
            data_categories: [user.contact.email]
            fides_meta:
              identity: email
              read_only: true
          - name: name
            data_categories: [user.name]
          - name: sent
            data_categories: [system.operations]
"""
"""To be added to `SHOP`: its logs in S3, found by what the shop knows."""

BOTH = SHOP + LOGS

ENUMERABLE = (
    BOTH.replace(
        "            indexes: {email: by-email}\n            erase: delete\n",
        """            indexes: {email: by-email}
            scan: true
            erase: delete
            retention:
              category: technical
              role: controller
              client: company
              person: user_id
              triggers: {collected: since, last_used: seen}
""",
    )
    .replace(
        "          - name: logins\n",
        """          - {name: company, data_categories: [system.operations]}
          - {name: user_id, data_categories: [user.unique_id]}
          - {name: since, data_categories: [system.operations]}
          - {name: seen, data_categories: [system.operations]}
          - name: logins
""",
    )
    .replace(
        "visits: {prefix: visits/, format: ndjson, erase: delete}",
        """visits:
            prefix: visits/
            format: ndjson
            erase: delete
            retention:
              category: technical
              role: controller
              triggers: {last_used: at}
              numbers: seconds""",
    )
    .replace(
        "              references: [{dataset: shop, field: customers.id, direction: from}]\n",
        """              primary_key: true
              references: [{dataset: shop, field: customers.id, direction: from}]
""",
    )
)
"""With how the shop's customers, and its logs by customer, stand under retention."""


def data_map(text: str = BOTH) -> DataMap:
    return read_map(text)


def dataset(key: str, text: str = BOTH) -> Dataset:
    return data_map(text).datasets[key]


_REGISTER = """
dataset:
  - fides_key: register
    meta:
      jaga:
        PLACE
        collections:
          guests:
            {GUESTS, erase: mask, keep: [{rule: tax_books, from: born}],
             anonymise: {k: 3, quasi_identifiers: [born, city]}}
          calls: {CALLS}
          pairs: {PAIRS}
    collections:
      - name: guests
        fields:
          - name: id
            data_categories: [user.unique_id]
            fides_meta: {primary_key: true, data_type: integer}
          - {name: name, data_categories: [user.name]}
          - name: born
            data_categories: [user.demographic.date_of_birth]
            meta: {jaga: {anonymise: {strategy: generalise, to: year}}}
          - name: city
            data_categories: [user.contact.address.city]
            meta: {jaga: {anonymise: {strategy: generalise, prefix: 3}}}
          - {name: room, data_categories: [system.operations]}
      - name: calls
        fields:
          - name: id
            data_categories: [system.operations]
            fides_meta: {primary_key: true, data_type: integer}
          - name: phone
            data_categories: [user.contact.phone_number]
            meta: {jaga: {anonymise: {strategy: keyed_hash}}}
          - name: seconds
            data_categories: [user.behavior]
            meta: {jaga: {anonymise: {strategy: bucket, edges: [0, 60, 600]}}}
          - {name: note, data_categories: [user.content.private]}
      - name: pairs
        fields:
          - {name: one, fides_meta: {primary_key: true}}
          - {name: other, fides_meta: {primary_key: true}}
"""
"""A register whose single records end: anonymised among others, hashed, or not addressable."""
_PLACES = {
    "dynamodb": (
        "kind: dynamodb",
        "table: register-guests, key: [id], scan: true",
        "table: register-calls, key: [id]",
        "table: register-pairs, key: [one, other]",
    ),
    "s3": (
        "kind: s3\n        bucket: register",
        "prefix: guests/, format: ndjson",
        "prefix: calls/, format: ndjson",
        "prefix: pairs/, format: csv",
    ),
    "rds": (
        (
            'kind: rds\n        cluster: "arn:aws:rds:x:0:cluster:x"\n        secret: x\n        '
            "database: postgres"
        ),
        *("", "", ""),
    ),
}


def register(kind: str) -> Dataset:
    """The register in one kind of store."""
    text = _REGISTER
    for word, value in zip(("PLACE", "GUESTS", "CALLS", "PAIRS"), _PLACES[kind], strict=True):
        text = text.replace(word if value else f"{word}, ", value).replace(f"{{{word}}}", "{}")
    return read_map(text).datasets["register"]

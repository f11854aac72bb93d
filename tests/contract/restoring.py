"""What tests of the erasure ledger share: a key that verifies, and restores from backup."""

from typing import Any

from chalicelib.audit.erasure_verifier import Report, verify_erasures
from chalicelib.services import Services
from chalicelib.tables.codec import decode, encode
from chalicelib.tables.table import Table
from chalicelib.vault.ledger import Line, is_line
from tests.contract.moto_tables import SESSION
from tests.contract.people import records
from tests.unit.audit.world import LocalSigner

PLENTY = 300_000
"""ms that a run has."""


class Signer(LocalSigner):
    """In KMS's place, whose signatures moto only pretends."""

    def public_jwk(self) -> dict[str, Any]:
        return self.jwk()


def signed_locally(services: Services) -> Signer:
    """From now on the services sign with a key of the test's."""
    signer = Signer()
    services.__dict__["signer"] = signer
    return signer


def lines(services: Services) -> list[Line]:
    """The ledger's lines, the oldest first."""
    found = [Line.from_item(item) for item in _scan(services.audit) if is_line(item)]
    return sorted(found, key=lambda line: line.at)


def checked(services: Services, signer: Signer) -> Report:
    """What the verifier says of the bucket, held against the trail's last note."""
    last = services.erasing.last()
    return verify_erasures(services.erasing.documents(), [signer.public], [last] if last else [])


class Backup:
    """`records` and `keys` as they stood at this moment."""

    def __init__(self, services: Services) -> None:
        self._tables = (services.records, services.keys)
        self._services = services
        self._items = [_scan(each) for each in self._tables]

    def restore(self, *logical: str) -> None:
        """Puts the tables, or those that are named, back as they stood; memory forgets keys."""
        client = SESSION.client("dynamodb")  # a client of our own: nobody kills or counts this
        for table, items in zip(self._tables, self._items, strict=True):
            if logical and table.logical not in logical:
                continue
            for item in _scan(table):
                client.delete_item(
                    TableName=table.name, Key=encode({"pk": item["pk"], "sk": item["sk"]})
                )
            for item in items:
                client.put_item(TableName=table.name, Item=encode(item))
        cold(self._services)


def cold(services: Services) -> None:
    """Drops the plaintext keys of the container's memory."""
    for name in ("keyring", "vault"):
        services.__dict__.pop(name, None)


def state(services: Services) -> list[str]:
    """All of the tables, to compare."""
    tables = (services.records, services.keys, services.audit)
    return sorted(str(sorted(item.items())) for table in tables for item in _scan(table))


def left_of(services: Services, subject_id: str) -> list[str]:
    """Types of items that still say something of a person or lead to it."""
    return sorted(
        str(item["et"])
        for item in records(services)
        if subject_id in str(item) and ("sealed" in item or item["et"].startswith("subject_"))
    )


def _scan(table: Table) -> list[dict[str, Any]]:
    pages = SESSION.client("dynamodb").get_paginator("scan").paginate(TableName=table.name)
    return [decode(item) for page in pages for item in page["Items"]]

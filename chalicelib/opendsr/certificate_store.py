"""The certificate of the key that signs for partners, in the `records` table.

pk       CERTIFICATE#opendsr
sk       PEM
pem, at  the certificate with its chain, and when it was put in force, ms since 1970 UTC
"""

from datetime import datetime

from chalicelib.clock import to_millis
from chalicelib.tables.codec import Item
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Put

CERTIFICATE = Schema("opendsr_certificate")
_CERTIFICATE_KEY = Key(compose("CERTIFICATE", "opendsr"), "PEM")


class CertificateStore:
    """The certificate that is in force."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def get(self) -> str | None:
        """The certificate with its chain (PEM), or None."""
        item = self._records.get(_CERTIFICATE_KEY)
        return str(CERTIFICATE.lift(item)["pem"]) if item else None

    def put_action(self, pem: str, at: datetime) -> Put:
        """The write that puts `pem` in force."""
        key = _CERTIFICATE_KEY
        item: Item = {"pk": key.pk, "sk": key.sk, "pem": pem, "at": to_millis(at)}
        return Put(self._records, CERTIFICATE.stamp(item))

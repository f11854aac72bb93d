"""The certificate of an erasure: what was destroyed, what stayed and why; signed, without a name.

    pk REQUEST#<request id>  sk CERTIFICATE  jws: a compact JWS (RFC 7515, ES256), `typ` as below

Anybody checks it offline with the published key and any JOSE library. It keeps what GDPR 5(2) and
UU PDP 45 ask to be shown, and no personal data: ids, counts, rules, dates.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.audit import jws
from chalicelib.clock import rfc3339
from chalicelib.connectors.places import Outcome
from chalicelib.errors import NotFound
from chalicelib.requests.fulfilment.models import Task
from chalicelib.requests.models import DataRequest
from chalicelib.requests.tracking import is_request_id
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Put

KIND = "jaga-erasure-certificate+jws"
ERASURE_CERTIFICATE = Schema("erasure_certificate")
KEYS_IN_BACKUPS = timedelta(days=1)
"""How long a destroyed key can be brought back from the keys' own backup (docs/vault.md)."""


class NoCertificate(NotFound):
    """The request is no erasure, or not carried out yet."""

    code = "no_certificate"


class Certificates:
    """Signs and keeps certificates."""

    def __init__(self, records: Table, signer: jws.Signer) -> None:
        self._records = records
        self._signer = signer

    def issue(
        self, request: DataRequest, tasks: Sequence[Task], at: datetime, scopes: Sequence[str]
    ) -> Action:
        """The write of the certificate of the erasure at `at`; `scopes` name the destroyed keys.

        One Sign. A certificate is issued once.
        """
        key = _key_of(request.request_id)
        item: Item = {
            "pk": key.pk,
            "sk": key.sk,
            "jws": jws.sign(self._signer, KIND, _statement(request, tasks, at, scopes)),
        }
        return Put(self._records, ERASURE_CERTIFICATE.stamp(item), ABSENT)

    def get(self, request_id: str) -> str:
        """The certificate as a compact JWS. Raises `NoCertificate`."""
        item = None
        if is_request_id(request_id):
            item = self._records.get(_key_of(request_id), consistent=True)
        if item is None:
            raise NoCertificate
        return str(ERASURE_CERTIFICATE.lift(item)["jws"])


def _statement(
    request: DataRequest, tasks: Sequence[Task], at: datetime, scopes: Sequence[str]
) -> dict[str, Any]:
    return {
        "schema": "jaga.erasure-certificate.v1",
        "request_id": request.request_id,
        "subject_id": request.subject_id,
        "received_at": rfc3339(request.received_at),
        "erased_at": rfc3339(at),
        "laws": [
            {"law": each.law, "article": each.article, "due_at": rfc3339(each.due_at)}
            for each in request.deadlines
        ],
        "places": [_of_place(task) for task in tasks],
        "keys_destroyed": list(scopes),
        "keys_unrecoverable_from": rfc3339(at + KEYS_IN_BACKUPS),
        # What an accountable controller shows (GDPR 5(2), CCPA 7101); ids and times, no contents.
        "remaining": ["request_log", "audit_trail"],
    }


def _of_place(task: Task) -> dict[str, Any]:
    verdict, done = task.verdict, task.done
    return {
        "place": task.place,
        "verdict": verdict.value if verdict else "unknown",
        "found": done.found if done else 0,
        "changed": done.changed if done else 0,
        "by_hand": task.resolved_by is not None,
        "retained": _retained(done),
    }


def _retained(outcome: Outcome | None) -> list[dict[str, Any]]:
    return [
        {
            "collection": kept.collection,
            "rule": kept.rule,
            "citation": kept.citation,
            "rows": kept.rows,
            "until": kept.until.isoformat() if kept.until else None,
        }
        for kept in (outcome.kept if outcome else ())
    ]


def _key_of(request_id: str) -> Key:
    return Key(compose("REQUEST", request_id), "CERTIFICATE")

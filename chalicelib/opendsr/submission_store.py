"""What partners submitted, in the `records` table.

pk       OPENDSR#<partner>#<subject request id>
sk       REQUEST
request  the id of the request that it became
mac      HMAC-SHA-256 of what was submitted: the same id for something else is refused
"""

import hmac
from collections.abc import Callable
from hashlib import sha256
from typing import cast

from chalicelib.errors import Unavailable
from chalicelib.opendsr.rules import SubmissionConflict
from chalicelib.opendsr.wire import SubmissionIn
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Put

SUBMISSION = Schema("opendsr_submission")


class AlreadySubmitted(Unavailable):
    """The same submission came a moment ago: its request is there."""

    code = "already_submitted"


class SubmissionStore:
    """Finds submissions again. `mac_key` gives the 32 bytes of the key."""

    def __init__(self, records: Table, mac_key: Callable[[], bytes]) -> None:
        self._records = records
        self._mac_key = mac_key

    def find(self, partner_id: str, subject_request_id: str) -> str | None:
        """The id of the request that the partner's submission became, or None."""
        item = self._item(partner_id, subject_request_id)
        return str(item["request"]) if item else None

    def repeated(self, partner_id: str, submission: SubmissionIn) -> str | None:
        """As `find`, for a submission that may have come before.

        Raises `SubmissionConflict` when something else was submitted under its id.
        """
        item = self._item(partner_id, submission.subject_request_id)
        if item is None:
            return None
        if not hmac.compare_digest(cast("bytes", item["mac"]), self._mac(submission)):
            raise SubmissionConflict
        return str(item["request"])

    def add_action(self, partner_id: str, submission: SubmissionIn, request_id: str) -> Put:
        """The write that notes what the submission becomes; `AlreadySubmitted` when it is noted."""
        key = _submission_key(partner_id, submission.subject_request_id)
        mac = self._mac(submission)
        item: Item = {"pk": key.pk, "sk": key.sk, "request": request_id, "mac": mac}
        # Of two submissions under one id one becomes a request.
        return Put(self._records, SUBMISSION.stamp(item), ABSENT, AlreadySubmitted)

    def _item(self, partner_id: str, subject_request_id: str) -> Item | None:
        key = _submission_key(partner_id, subject_request_id)
        item = self._records.get(key, consistent=True)
        return SUBMISSION.lift(item) if item else None

    def _mac(self, submission: SubmissionIn) -> bytes:
        # Without what has its default: a member that OpenDSR gains changes no earlier submission.
        said = submission.model_dump_json(exclude_defaults=True)
        return hmac.digest(self._mac_key(), said.encode(), sha256)


def _submission_key(partner_id: str, subject_request_id: str) -> Key:
    return Key(compose("OPENDSR", partner_id, subject_request_id), "REQUEST")

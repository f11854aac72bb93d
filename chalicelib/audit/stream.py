"""From a DynamoDB stream event of the `preferences` table to digests."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.audit.digests import DigestBook, item_from_json, preference_digest
from chalicelib.telemetry import log_failure


def keep_digests(event: Mapping[str, Any], book: DigestBook, at: datetime) -> int:
    """Adds to `book` the digest of every item that a Lambda stream `event` says was written.

    Returns how many records it passed over because they cannot be digested: what our codec never
    writes, so somebody else did. A stream's shard goes on only behind what its reader accepts, so
    such a record must not fail: it would hold up all choices behind it. Its error's type is logged.

    Removals have no new image and are passed over: a preference that expired stays proved. Raises
    the client's errors; then nothing counts as read and the stream delivers all of it again.
    """
    digests: list[bytes] = []
    undigestible = 0
    for record in event["Records"]:
        try:
            image = record["dynamodb"].get("NewImage")
            if image is not None:
                digests.append(preference_digest(item_from_json(image)))
        except Exception as error:  # noqa: BLE001  # no I/O here: whatever failed, the record made it
            undigestible += 1
            log_failure(error, "")
    book.add(digests, at)
    return undigestible

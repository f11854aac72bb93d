"""From a DynamoDB stream event of the `preferences` table to digests."""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.audit.digests import item_from_json, preference_digest


def written_digests(event: Mapping[str, Any]) -> Iterator[bytes]:
    """The digest of every item that `event` (a Lambda stream event) says was written.

    Removals have no new image and are passed over: a preference that expired stays proved.
    """
    for record in event["Records"]:
        image = record["dynamodb"].get("NewImage")
        if image is not None:
            yield preference_digest(item_from_json(image))

"""Our own tables and buckets are no place of others, whatever a data map says of them.

The worker has rights on them for its own work. A map that named them would have it read, change and
delete there what nobody but the office's own code may.
"""

import re
from collections.abc import Collection as Names
from collections.abc import Iterator

from chalicelib.connectors.datamap.models import Dataset
from chalicelib.connectors.datamap.settings import DynamoDbCollection, S3Settings
from chalicelib.errors import Internal

_PARTS_OF_ARN = re.compile("[:/]")  # where a name is asked for, DynamoDB takes an ARN too


class OwnStore(Internal):
    """The data map in force names a table or a bucket of ours."""

    code = "own_store"


def named_own(dataset: Dataset, own: Names[str]) -> Iterator[str]:
    """Where `dataset` names one of the tables and buckets `own`: itself, or a collection of it."""
    if isinstance(dataset.settings, S3Settings) and dataset.settings.bucket in own:
        yield dataset.key
    for name, collection in dataset.collections.items():
        table = collection.settings
        if isinstance(table, DynamoDbCollection) and any(
            part in own for part in _PARTS_OF_ARN.split(table.table)
        ):
            yield f"{dataset.key}.{name}"

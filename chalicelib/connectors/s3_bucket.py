"""Reading a bucket of others: its objects, and their older versions."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from chalicelib.connectors.answering import answer_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Bucket:
    """One bucket. All raise `PlaceUnavailable`."""

    def __init__(self, client: "S3Client", name: str) -> None:
        self.client = client
        self.name = name

    def get(self, which: dict[str, str]) -> Any:
        """The object, None when it went since it was listed."""
        gone = ("NoSuchKey", "NoSuchVersion")
        return answer_of(self.client.get_object, *gone, Bucket=self.name, **which)

    def keys(self, prefix: str, after: str = "") -> Iterator[str]:
        """The objects below `prefix`, in the order of their names, those behind `after`."""
        start: dict[str, Any] = {"StartAfter": after} if after else {}
        while True:
            page = answer_of(self.client.list_objects_v2, Bucket=self.name, Prefix=prefix, **start)
            yield from (each["Key"] for each in page.get("Contents", []))
            if not page.get("IsTruncated"):
                return
            start = {"ContinuationToken": page["NextContinuationToken"]}

    def older_versions(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Key and version id of every version below `prefix` that is not the current one.

        Who deletes them on the way deletes none that the list goes on from: a page is handed out
        when the next one is here.
        """
        ready: list[tuple[str, str]] = []
        for page in self._version_pages(prefix):
            yield from ready
            ready = [
                (each["Key"], each["VersionId"])
                for each in page.get("Versions", [])
                if not each["IsLatest"]
            ]
        yield from ready

    def _version_pages(self, prefix: str) -> Iterator[Any]:
        start: dict[str, Any] = {}
        while True:
            page = answer_of(
                self.client.list_object_versions, Bucket=self.name, Prefix=prefix, **start
            )
            yield page
            if not page.get("IsTruncated"):
                return
            start = {
                "KeyMarker": page["NextKeyMarker"],
                "VersionIdMarker": page["NextVersionIdMarker"],
            }

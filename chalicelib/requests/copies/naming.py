"""What a copy is called: the form of its archive, its files, and where it lies."""

from urllib.parse import quote

from chalicelib.packing.manifest import Form

COPY = Form("jaga-copy", 1, "jaga-copy+jws", "request_id")


def archive_key(request_id: str, object_id: str) -> str:
    """Where a build of the request's copy lies; without an object, how all of them begin."""
    return f"archives/{request_id}/{object_id}"


def file_name(place_id: str, collection: str, ending: str) -> str:
    """`places/<place>/<collection>.<ending>`; what a path cannot hold is percent-encoded."""
    return f"places/{_segment(place_id)}/{_segment(collection)}.{ending}"


def _segment(name: str) -> str:
    encoded = quote(name, safe="")
    return encoded.replace(".", "%2E") if set(encoded) == {"."} else encoded

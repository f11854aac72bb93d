"""Answers that may be kept, and asked for again by their ETag (RFC 9110, RFC 9111)."""

import re

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS = re.compile(rf"[ \t]*(?:{_TAG}[ \t]*)?(?:,[ \t]*(?:{_TAG}[ \t]*)?)*")


def matches(etag: str, header: str | None) -> bool:
    """Whether `header`, an If-None-Match, names `etag`: then 304 is the answer (RFC 9110, 13.1.2).

    Compared weakly, for whoever compressed the answer on its way may have weakened its tag. A
    header that is no list of entity tags names nothing.
    """
    if header is None:
        return False
    if header.strip(" \t") == "*":
        return True
    if not _TAGS.fullmatch(header):
        return False
    return etag.removeprefix("W/") in {tag.removeprefix("W/") for tag in re.findall(_TAG, header)}


def cacheable(etag: str, *, seconds: int, stale_seconds: int = 0) -> dict[str, str]:
    """Headers of a public answer that anybody may keep for `seconds`.

    For `stale_seconds` more it may be shown while a newer one is fetched (RFC 5861). API Gateway
    compresses for those who accept it, hence `vary`.
    """
    stale = f", stale-while-revalidate={stale_seconds}" if stale_seconds else ""
    return {
        "cache-control": f"public, max-age={seconds}{stale}",
        "etag": etag,
        "vary": "Accept-Encoding",
    }

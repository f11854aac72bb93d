"""The banner as one site gets it: the built script with the site's texts baked in."""

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from chalicelib.cookies.models import RETENTION
from chalicelib.cookies.sites import Site

_BUILT = Path(__file__).parents[1] / "static" / "banner.js"
_PLACEHOLDER = '"__JAGA_CONFIG__"'


@dataclass(frozen=True, slots=True)
class Banner:
    """A site's script, its strong ETag and its subresource-integrity value (W3C SRI)."""

    script: str
    etag: str
    integrity: str


def banner_for(site: Site) -> Banner:
    """The banner of `site` as published. Same site, same bytes."""
    return _rendered(_config(site))


@lru_cache(maxsize=32)
def _rendered(config: str) -> Banner:
    script = _BUILT.read_text("utf-8").replace(_PLACEHOLDER, config)
    digest = hashlib.sha384(script.encode()).digest()
    return Banner(
        script=script,
        etag=f'"{digest[:16].hex()}"',
        integrity=f"sha384-{base64.b64encode(digest).decode()}",
    )


def _config(site: Site) -> str:
    record, notice = site.record, site.notice
    config = {
        "days": RETENTION.days,
        "text": {
            language: {"sha256": notice.sha256[language], "t": dict(texts)}
            for language, texts in notice.texts.items()
        },
        "cookies": {name: list(values) for name, values in record.cookies.items()},
        "storage": {name: list(values) for name, values in record.storage.items()},
        "policy_url": record.policy_url,
    }
    text = json.dumps(config, separators=(",", ":"), ensure_ascii=False)
    # No text can hold "</script>", which would end the element of a page that inlines this. Such a
    # copy does not run, though: it has to know where it came from.
    return text.replace("<", "\\u003c")

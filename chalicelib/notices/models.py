"""What a notice is, in the domain and on the wire."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal

from chalicelib.wire import Answer

type Language = Literal["en", "id"]
type Texts = Mapping[str, str]

LANGUAGES: tuple[Language, ...] = ("en", "id")


def text_sha256(texts: Texts) -> str:
    """SHA-256 (hex) of one language's texts.

    Hashed are the UTF-8 bytes of their JSON with sorted keys, no white space and no escapes beyond
    what JSON needs: what RFC 8785 gives for an object of strings with ASCII keys.
    """
    canonical = json.dumps(texts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True)
class NoticeVersion:
    """One published version: immutable, in both languages."""

    notice_id: str
    version: str
    texts: Mapping[Language, Texts]
    published_at: datetime

    @cached_property
    def sha256(self) -> dict[Language, str]:
        """The hash of each language's text."""
        return {language: text_sha256(self.texts[language]) for language in LANGUAGES}


class CookieUse(Answer):
    """One optional category and what it sets."""

    category: str
    cookies: tuple[str, ...]
    storage: tuple[str, ...]


class NoticeView(Answer):
    """`GET /v1/sites/{site}/notice`."""

    site: str
    version: str
    published_at: str
    texts: dict[str, dict[str, str]]
    sha256: dict[str, str]
    categories: tuple[str, ...]
    cookies: tuple[CookieUse, ...]
    retention_days: int
    policy_url: str


class MessageView(Answer):
    """`GET /v1/staff/messages/{message_id}`."""

    message_id: str
    channel: str
    kind: str
    state: str
    reason: str | None
    about: str | None
    queued_at: str

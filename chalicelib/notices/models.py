"""What a notice is, in the domain and on the wire."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal

from chalicelib.tables.codec import Item
from chalicelib.wire import Answer

type Language = Literal["en", "id"]
type Texts = Mapping[str, str]

LANGUAGES: tuple[Language, ...] = ("en", "id")


def text_sha256(texts: Texts) -> str:
    """SHA-256 (hex) of one language's texts.

    Hashed are the UTF-8 bytes of their JSON with sorted keys, no white space and no escapes beyond
    what JSON needs: what RFC 8785 gives for an object of strings with ASCII keys.
    """
    return _json_sha256(texts)


@dataclass(frozen=True)
class NoticeVersion:
    """One published version: immutable, in both languages.

    `asks` holds, by purpose, what consent to it covers, frozen as plain JSON values. A
    `significant` change is told to everybody before it takes effect (UU PDP 21(2)); `opening` is
    the first version of its notice, of which nobody has to be told.
    """

    notice_id: str
    version: str
    texts: Mapping[Language, Texts]
    published_at: datetime
    effective_at: datetime | None = None
    summary: Texts = field(default_factory=dict)
    significant: bool = False
    opening: bool = False
    asks: Mapping[str, Item] = field(default_factory=dict)

    @cached_property
    def sha256(self) -> dict[Language, str]:
        """The hash of each language's text."""
        return {language: text_sha256(self.texts[language]) for language in LANGUAGES}

    @cached_property
    def pair_sha256(self) -> str:
        """The hash of both texts together with what they ask consent for."""
        return _json_sha256({"texts": self.sha256, "asks": dict(self.asks)})

    @property
    def takes_effect_at(self) -> datetime:
        return self.effective_at or self.published_at

    @property
    def needs_telling(self) -> bool:
        """Whether it may only take effect once everybody was told."""
        return self.significant and not self.opening

    def terms_sha256(self, purpose: str) -> str | None:
        """The hash of what it asks consent for under `purpose`; None where it asks nothing.

        A consent covers what was asked: one given under another hash does not fit any more.
        """
        return self._terms_sha256.get(purpose)

    @cached_property
    def _terms_sha256(self) -> dict[str, str]:
        return {purpose: _json_sha256(dict(asked)) for purpose, asked in self.asks.items()}

    def same_content(self, other: "NoticeVersion") -> bool:
        """Whether both say the same, whenever they were published."""
        return (
            self.pair_sha256 == other.pair_sha256
            and self.effective_at == other.effective_at
            and (dict(self.summary), self.significant) == (dict(other.summary), other.significant)
        )


def _json_sha256(value: Mapping[str, object]) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


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

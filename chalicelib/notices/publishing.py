"""Publishing a version of a notice: what may be published, and the command.

A significant change is told to everybody before it takes effect (UU PDP 21(2)): its publication
starts the telling (telling/), and it does not count until that is done, however long it takes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.audit.entry import Actor, Entity, Fact
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.notices.models import Language, NoticeVersion, Texts
from chalicelib.notices.publishing_rules import check_effect, check_terms, check_texts
from chalicelib.notices.store import AlreadyPublished, NoticeStore
from chalicelib.tables.codec import Item
from chalicelib.tables.transactions import Action

type Terms = Callable[[str], Item]
"""What consent to a purpose covers. `KeyError` for a purpose that nobody is asked about."""
type StartTelling = Callable[[NoticeVersion], list[Action]]
"""The writes that start to tell everybody of a version."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be published. `asks` names purposes; moments are aware."""

    notice_id: str
    version: str
    texts: Mapping[Language, Texts]
    summary: Texts
    significant: bool
    effective_at: datetime
    asks: tuple[str, ...] = ()


class Publishing:
    """Publishes versions."""

    def __init__(
        self,
        store: NoticeStore,
        terms: Terms,
        start_telling: StartTelling,
        trail: Trail,
        clock: Clock,
        idempotency: Idempotency,
    ) -> None:
        self._store = store
        self._terms = terms
        self._start_telling = start_telling
        self._trail = trail
        self._clock = clock
        self._idempotency = idempotency

    def publish(self, draft: Draft, actor: Actor, call: KeyedCall | None = None) -> NoticeVersion:
        """Publishes `draft`; the same one again changes nothing and answers the same.

        One transaction: the version, where its texts are found, the start of the telling, the
        entry in the trail. Raises `InvalidInput`, `AlreadyPublished` for other content under the
        same name.
        """
        earlier = list(self._store.versions(draft.notice_id))
        notice = self._notice(draft, opening=not earlier)
        if standing := next((each for each in earlier if each.version == draft.version), None):
            return _same(standing, notice)
        check_texts(notice, earlier)
        check_effect(notice, earlier)
        check_terms(notice, earlier)
        result: Item = {"notice_id": draft.notice_id, "version": draft.version}
        self._idempotency.run(call, result, lambda: self._publication(notice, actor))
        return notice

    def _publication(self, notice: NoticeVersion, actor: Actor) -> list[Action]:
        telling = self._start_telling(notice) if notice.needs_telling else []
        facts: dict[str, Fact] = {
            "version": notice.version,
            "significant": notice.significant,
            "pair_sha256": notice.pair_sha256,
            **{f"sha256_{language}": digest for language, digest in notice.sha256.items()},
        }
        entity = Entity("notice", notice.notice_id)
        return [
            *self._store.publish_actions(notice),
            *telling,
            *self._trail.actions(entity, actor, "notice.published", facts),
        ]

    def _notice(self, draft: Draft, *, opening: bool) -> NoticeVersion:
        if draft.texts["en"].keys() != draft.texts["id"].keys():
            raise InvalidInput(FieldError("texts", "not_the_same_parts"))
        return NoticeVersion(
            notice_id=draft.notice_id,
            version=draft.version,
            texts=draft.texts,
            # Milliseconds are what is stored.
            published_at=from_millis(to_millis(self._clock.now())),
            effective_at=draft.effective_at,
            summary=draft.summary,
            significant=draft.significant,
            opening=opening,
            asks={purpose: self._asked(purpose) for purpose in draft.asks},
        )

    def _asked(self, purpose: str) -> Item:
        try:
            return self._terms(purpose)
        except KeyError:
            raise InvalidInput(FieldError("asks", "unknown_purpose")) from None


def _same(standing: NoticeVersion, notice: NoticeVersion) -> NoticeVersion:
    if not standing.same_content(notice):
        raise AlreadyPublished
    return standing

"""What a person sees of their own consents: what stands, what is asked, what the gate answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.clock import Clock
from chalicelib.consents.models import VALID, Entry, Standing, State
from chalicelib.consents.rules import Verdict, Why, state_of, verdict
from chalicelib.consents.texts import ShownTexts
from chalicelib.notices.models import NoticeVersion

NOTICE = "privacy-policy"
"""The notice that asks for consent."""

type Terms = Callable[[str], Mapping[str, Any]]
"""What consent to a purpose covers today, before any notice froze it."""


@dataclass(frozen=True, slots=True)
class Own:
    """One of a person's consents. `notice` is what consent is asked with: the version in force, or
    the coming one that asks anew."""

    purpose: str
    terms: Mapping[str, Any]
    state: State
    verdict: Verdict
    entry: Entry | None
    notice: NoticeVersion | None
    asked_anew: bool


class Asking:
    """Puts the view together. `purposes` are those that people are asked about."""

    def __init__(
        self, texts: ShownTexts, purposes: Sequence[str], terms: Terms, clock: Clock
    ) -> None:
        self._texts = texts
        self._purposes = purposes
        self._terms = terms
        self._clock = clock

    def of(self, standing: Standing) -> list[Own]:
        """Each purpose that people are asked about, with where the person stands."""
        now = self._clock.now()
        return [self._own(standing, purpose, now) for purpose in self._purposes]

    def _own(self, standing: Standing, purpose: str, now: datetime) -> Own:
        entry, state = standing.entries.get(purpose), state_of(standing.entries.get(purpose), now)
        notice_id = entry.notice_id if entry else NOTICE
        terms = {notice_id: self._texts.terms_in_force(notice_id, purpose)}
        found = verdict(standing, purpose, ("consent",), terms, now)
        asks = self._texts.in_force(NOTICE)
        asked_anew = state in VALID and found.why is Why.TERMS_CHANGED
        if entry is not None and state in VALID:
            if entry.asked is not None:
                asks, asked_anew = self._texts.version(notice_id, entry.asked), True
            elif entry.terms_sha256 in self._texts.coming_terms(notice_id, purpose):
                asked_anew = False  # the yes was to a version that is still to come
        return Own(
            purpose=purpose,
            terms=self._terms(purpose),
            state=state,
            verdict=found,
            entry=entry,
            notice=asks,
            asked_anew=asked_anew,
        )

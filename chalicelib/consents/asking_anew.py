"""Asking for consent anew where it does not fit a coming version of its notice."""

from collections.abc import Mapping, Sequence

from chalicelib.clock import Clock
from chalicelib.consents.book import ConsentBook
from chalicelib.consents.models import VALID
from chalicelib.consents.rules import state_of
from chalicelib.consents.standing_store import StandingStore
from chalicelib.notices.models import NoticeVersion
from chalicelib.tables.transactions import Action


class AskingAnew:
    """Finds whom to ask, and makes the writes."""

    def __init__(self, standings: StandingStore, book: ConsentBook, clock: Clock) -> None:
        self._standings = standings
        self._book = book
        self._clock = clock

    def of(
        self, subject_ids: Sequence[str], notice: NoticeVersion
    ) -> Mapping[str, Sequence[Action]]:
        """By subject id the writes that ask those anew whose consent the version does not fit.

        One batch read for up to 100 people; one more for each who is asked.
        """
        asked: dict[str, Sequence[Action]] = {}
        now = self._clock.now()
        for subject_id, standing in self._standings.many(subject_ids).items():
            purposes = [
                purpose
                for purpose, entry in standing.entries.items()
                if entry.notice_id == notice.notice_id
                and state_of(entry, now) in VALID
                and entry.terms_sha256 != notice.terms_sha256(purpose)
                and entry.asked != notice.version
            ]
            if purposes:
                asked[subject_id] = self._book.asking_anew(
                    standing, purposes, notice.version, notice.takes_effect_at
                )
        return asked

"""What people do with their own consents, and what the client platform records for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.audit.entry import Actor
from chalicelib.clock import Clock
from chalicelib.consents.book import ConsentBook, Said, SaidBefore
from chalicelib.consents.event_store import EventStore
from chalicelib.consents.models import (
    ConsentEvent,
    Decision,
    Evidence,
    Shown,
    Standing,
)
from chalicelib.consents.proofs import Proofs, shows
from chalicelib.consents.rules import check_moment
from chalicelib.consents.texts import ShownTexts
from chalicelib.errors import InvalidInput, NotFound
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.identity.subjects import Subjects
from chalicelib.ids import Ids
from chalicelib.notices.models import Language
from chalicelib.tables.codec import Item
from chalicelib.tables.keys import Key
from chalicelib.tables.transactions import Action
from chalicelib.vault.blind_index import Kind


class UnknownRecord(NotFound):
    """No such record of a consent, or not this person's."""

    code = "unknown_record"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record, and whether this call made it."""

    event: ConsentEvent
    created: bool


@dataclass(frozen=True, slots=True)
class Collected:
    """A decision that was collected elsewhere, with what shows it. `occurred_at` is aware."""

    purpose: str
    decision: Decision
    notice_sha256: str
    language: Language
    evidence: Evidence
    occurred_at: datetime


class Consents:
    """Gives, withdraws and shows consents."""

    def __init__(
        self,
        book: ConsentBook,
        events: EventStore,
        proofs: Proofs,
        texts: ShownTexts,
        subjects: Subjects,
        clock: Clock,
        ids: Ids,
        idempotency: Idempotency,
    ) -> None:
        self._book = book
        self._events = events
        self._proofs = proofs
        self._texts = texts
        self._subjects = subjects
        self._clock = clock
        self._ids = ids
        self._idempotency = idempotency

    def decide(
        self,
        subject_id: str,
        purpose: str,
        decision: Decision,
        shown: tuple[str, Language],
        evidence: Evidence,
        call: KeyedCall | None = None,
    ) -> Recorded:
        """The person's own decision; to say the same again changes nothing.

        `shown` is the hash of the text that was shown, and its language: for a yes one that is in
        force or coming. One transaction. Raises `InvalidInput`, `NoticeSuperseded`,
        `NothingToWithdraw`, `WithdrawInstead`, `KeyDestroyed`, `IdempotencyConflict`.
        """
        text = self._shown(subject_id, purpose, decision, shown)
        said = Said(self._ids.new(), purpose, decision, text, evidence, self._clock.now())

        def build() -> list[Action]:
            actions = self._book.decision(subject_id, said, Actor("subject", subject_id))
            return [*actions, self._events.still_there(subject_id)]

        record_id, created = self._carry_out(call, said, build)
        return self._recorded(subject_id, purpose, record_id, created=created)

    def record(
        self,
        identifiers: Mapping[Kind, str],
        collected: Collected,
        actor: Actor,
        call: KeyedCall | None = None,
    ) -> Recorded:
        """A decision that the platform collected from its user, whom it vouches for.

        Somebody new becomes known in the same transaction. Raises `InvalidInput`, `Superseded`,
        `NothingToWithdraw`, `WithdrawInstead`, `UnusableIdentifier`, `IdentifiersOfTwoPeople`,
        `IdempotencyConflict`.
        """
        said = self.said(collected)
        whose = ""

        def build() -> list[Action]:
            nonlocal whose
            whose, actions = self.recording(identifiers, said, actor)
            return actions

        record_id, created = self._carry_out(call, said, build)
        if not whose:  # a repeat under the same key
            whose, _ = self._subjects.known_by(identifiers, collected.language)
        return self._recorded(whose, collected.purpose, record_id, created=created)

    def said(self, collected: Collected) -> Said:
        """What was collected, under a fresh record's id and with the text that was shown.

        Raises `InvalidInput`.
        """
        check_moment(collected.occurred_at, self._clock.now())
        text = self._texts.ever(collected.notice_sha256, collected.language, collected.purpose)
        self._texts.check_shown_by(text, collected.occurred_at)
        return Said(
            self._ids.new(),
            collected.purpose,
            collected.decision,
            text,
            collected.evidence,
            collected.occurred_at,
        )

    def recording(
        self, identifiers: Mapping[Kind, str], said: Said, actor: Actor
    ) -> tuple[str, list[Action]]:
        """Whose consent it is, and the writes that record what the platform's user said.

        For one transaction, made anew when it meets `Moved`. Raises `SaidBefore`, and what
        `record` raises but `InvalidInput`, `IdempotencyConflict`.
        """
        # The decision is the first that counts of somebody new: it writes their standing itself.
        whose, made = self._subjects.vouched_for(
            identifiers, said.shown.language, actor, greeted=False
        )
        there = [] if made else [self._events.still_there(whose)]
        return whose, [*made, *self._book.decision(whose, said, actor), *there]

    def standing(self, subject_id: str) -> Standing:
        """All that counts of the person, read consistently, without what is over."""
        return self._proofs.standing(subject_id)

    def history(
        self, subject_id: str, purpose: str, limit: int, start: Key | None
    ) -> tuple[list[ConsentEvent], Key | None]:
        """`limit` records of one consent, the newest first; none of what is over.

        Raises `KeyDestroyed`.
        """
        entry = self.standing(subject_id).entries.get(purpose)
        if entry is None:
            return [], None
        return self._events.page(subject_id, purpose, entry.first or "", limit, start)

    def get(self, subject_id: str, purpose: str, record_id: str) -> ConsentEvent:
        """One record. Raises `UnknownRecord`, also for what is over; `KeyDestroyed`."""
        if not shows(self.standing(subject_id), purpose, record_id):
            raise UnknownRecord
        return self._get(subject_id, purpose, record_id)

    def _recorded(
        self, subject_id: str, purpose: str, record_id: str, *, created: bool
    ) -> Recorded:
        read = self._get if created else self.get
        return Recorded(read(subject_id, purpose, record_id), created)

    def _get(self, subject_id: str, purpose: str, record_id: str) -> ConsentEvent:
        event = self._events.get(subject_id, purpose, record_id)
        if event is None:
            raise UnknownRecord
        return event

    def _shown(
        self, subject_id: str, purpose: str, decision: Decision, shown: tuple[str, Language]
    ) -> Shown:
        if decision is Decision.GIVEN:
            return self._texts.now(*shown, purpose)
        try:
            return self._texts.ever(*shown, purpose)
        except InvalidInput:
            # What was given can be taken back though no notice asks for it any more.
            entry = self.standing(subject_id).entries.get(purpose)
            if entry is None:
                raise
            return self.get(subject_id, purpose, entry.record_id).shown

    def _carry_out(
        self, call: KeyedCall | None, said: Said, build: Callable[[], list[Action]]
    ) -> tuple[str, bool]:
        """The id of the record of what was said, and whether this call made it."""
        result: Item = {"record": said.record_id}

        def build_or_note() -> list[Action]:
            try:
                return build()
            except SaidBefore as before:
                # Noted under the key as well: a repeat that comes late, after something else was
                # said, must not say it anew.
                result["record"] = before.record_id
                return [before.it_stands]

        earlier = self._idempotency.earlier(call)
        if earlier is None:
            earlier = self._idempotency.run(call, result, build_or_note)
        record_id = str((earlier or result)["record"])
        return record_id, earlier is None and record_id == said.record_id

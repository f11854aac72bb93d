"""Decisions on an incident: that we know of it, whether it is a breach, how severe it is.

Since when we know starts the laws' clocks. Whoever decides that signs it; to change it later is a
decision of its own, which says whether the dates move, and everybody whom alarms go to hears of it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from chalicelib.audit.entry import Actor, Fact
from chalicelib.audit.jws import Signer
from chalicelib.clock import Clock, from_millis, rfc3339, to_millis
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.incidents.book import IncidentBook, duty_facts
from chalicelib.incidents.models import (
    Assessment,
    Awareness,
    Incident,
    Nature,
    Scores,
    Severity,
    Texts,
)
from chalicelib.incidents.rules import assessed, corrected, explained, judged, made_aware
from chalicelib.incidents.statements import signed_awareness
from chalicelib.tables.transactions import Action

type TellOfRelease = Callable[[Incident, Incident], list[Action]]
"""The writes that tell of duties that waited before and are not required any more; none without."""
type TellOfCorrection = Callable[[Incident, Incident], list[Action]]
"""The writes that tell whom alarms go to how an incident's dates stood before, and stand now."""


class Deciding:
    """Takes decisions down; each leaves its entry in the trail."""

    def __init__(
        self,
        book: IncidentBook,
        signer: Callable[[], Signer],
        tell: TellOfCorrection,
        tell_released: TellOfRelease,
        clock: Clock,
        idempotency: Idempotency,
    ) -> None:
        self._book = book
        self._signer = signer
        self._tell = tell
        self._tell_released = tell_released
        self._clock = clock
        self._idempotency = idempotency

    def aware(
        self,
        incident_id: str,
        staff_id: str,
        aware_at: datetime,
        reasons: str,
        call: KeyedCall | None = None,
    ) -> None:
        """Decides that we know of the incident since `aware_at` (aware): its clocks run from then.

        Raises `UnknownIncident`, `IncidentNotOpen`, `AlreadyAware`, `InvalidInput`.
        """

        def decide(incident: Incident, awareness: Awareness) -> Incident:
            return made_aware(incident, awareness)

        self._aware(incident_id, staff_id, aware_at, reasons, "incident.aware", decide, call)

    def correct(
        self,
        incident_id: str,
        staff_id: str,
        aware_at: datetime,
        reasons: str,
        *,
        move: bool,
        call: KeyedCall | None = None,
    ) -> None:
        """Corrects since when we know; with `move` the dates of open duties move with it.

        Raises as `aware`, `NotAware`, and `DatesWouldBeLate`.
        """

        def decide(incident: Incident, awareness: Awareness) -> Incident:
            return corrected(incident, awareness, move=move)

        action = "incident.awareness_corrected"
        self._aware(incident_id, staff_id, aware_at, reasons, action, decide, call)

    def judge(
        self,
        incident_id: str,
        staff_id: str,
        nature: Nature,
        reasons: str,
        call: KeyedCall | None = None,
    ) -> None:
        """Decides whether it is a personal data breach. Raises `UnknownIncident`,
        `IncidentNotOpen`."""

        def change(incident: Incident) -> Incident:
            return judged(incident, nature, reasons)

        self._decide(incident_id, staff_id, "incident.judged", change, {"nature": nature}, call)

    def assess(
        self,
        incident_id: str,
        staff_id: str,
        scores: Scores,
        severity: Severity,
        reasons: str,
        call: KeyedCall | None = None,
    ) -> None:
        """Says how severe it is for people (assessing.py). Raises `UnknownIncident`,
        `IncidentNotOpen`, `ReasonsMissing`."""
        assessment = Assessment(scores, severity, reasons, staff_id, self._now())

        def change(incident: Incident) -> Incident:
            return assessed(incident, assessment)

        facts: dict[str, Fact] = {"severity": severity}
        self._decide(incident_id, staff_id, "incident.assessed", change, facts, call)

    def explain(
        self,
        incident_id: str,
        staff_id: str,
        duty_id: str,
        reasons: Texts,
        call: KeyedCall | None = None,
    ) -> None:
        """Says why a duty was done late, where no notice said it (GDPR 33(1)). Raises
        `UnknownIncident`, `IncidentNotOpen`, `InvalidInput`."""

        def change(incident: Incident) -> Incident:
            return explained(incident, duty_id, reasons)

        facts: dict[str, Fact] = {"duty": duty_id}
        self._decide(incident_id, staff_id, "incident.delay_explained", change, facts, call)

    def _aware(
        self,
        incident_id: str,
        staff_id: str,
        aware_at: datetime,
        reasons: str,
        action: str,
        decide: Callable[[Incident, Awareness], Incident],
        call: KeyedCall | None,
    ) -> None:
        if self._idempotency.earlier(call):
            return
        now, signer = self._now(), self._signer()
        statement = signed_awareness(signer, incident_id, aware_at, staff_id, now)
        awareness = Awareness(aware_at, staff_id, now, reasons, statement)

        def build() -> list[Action]:
            before = self._book.get(incident_id)
            after = decide(before, awareness)
            facts: dict[str, Fact] = {"aware_at": rfc3339(aware_at), **duty_facts(after)}
            if before.aware_at is None:
                return self._book.change(after, Actor("staff", staff_id), action, facts)
            facts["was_aware_at"] = rfc3339(before.aware_at)
            return [
                *self._book.change(after, Actor("staff", staff_id), action, facts),
                *self._tell(before, after),
            ]

        self._idempotency.run(call, {"incident": incident_id}, build)

    def _decide(
        self,
        incident_id: str,
        staff_id: str,
        action: str,
        change: Callable[[Incident], Incident],
        facts: Mapping[str, Fact],
        call: KeyedCall | None,
    ) -> None:
        if self._idempotency.earlier(call):
            return

        def build() -> list[Action]:
            before = self._book.get(incident_id)
            after = change(before)
            said = {**facts, **duty_facts(after)}
            return [
                *self._book.change(after, Actor("staff", staff_id), action, said),
                *self._tell_released(before, after),
            ]

        self._idempotency.run(call, {"incident": incident_id}, build)

    def _now(self) -> datetime:
        return from_millis(to_millis(self._clock.now()))

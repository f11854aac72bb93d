"""What a legal hold makes of an erasure: nothing is erased, everything is restricted instead.

A hold counts for a request when it is on the person, by any name that they are known by to us, or
on the client that the request names by its id (UU PDP 44, 50; GDPR 17(3), 18(1)(c)). What was
restricted for it is told with the date of the hold's review: a date, and not a promise.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from chalicelib.clock import Clock
from chalicelib.connectors.places import Kept, Outcome
from chalicelib.identity.subjects import Subjects
from chalicelib.requests.fulfilment.models import Task
from chalicelib.requests.mandates import USER_ID
from chalicelib.requests.models import DataRequest
from chalicelib.retention.holds.models import VALUE_PATTERN
from chalicelib.retention.holds.service import Holds
from chalicelib.retention.targets import Target, TargetKind
from chalicelib.tables.transactions import Check

LEGAL_HOLD = "legal_hold"
"""The rule by which data stays, beside those of the retention schedule."""
_CITATION = "legal hold"  # the ground is nobody's but the privacy officer's
_EVERYTHING = "*"  # a place restricts all of its collections
_MOST_CHECKED = 40
"""A transaction takes a hundred writes, and an ending has up to fifty of its own. Whoever is known
by more names than these is asked about before it, with all of them."""


class Restraint:
    """Says whether a request's erasure is held back, and until when."""

    def __init__(self, holds: Holds, subjects: Subjects, clock: Clock) -> None:
        self._holds = holds
        self._subjects = subjects
        self._clock = clock

    def checks(self, request: DataRequest) -> list[Check]:
        """For the transaction that begins or ends an erasure: it fails with `Held`."""
        return self._holds.checks(self.targets(request)[:_MOST_CHECKED])

    def until(self, request: DataRequest) -> date | None:
        """The review date of the hold that is reviewed last; None where the request is not held."""
        held = self._holds.many(self._holds.on(self.targets(request)))
        return max((each.review_at.date() for each in held), default=None)

    def until_of(self, request: DataRequest, tasks: Iterable[Task]) -> date | None:
        """As `until`, also where a place was restricted for a hold that is released by now."""
        kept = [
            each.until or self._clock.now().date()
            for task in tasks
            for each in (task.done.kept if task.done else ())
            if each.rule == LEGAL_HOLD
        ]
        now = self.until(request)
        return max([*kept, now] if now else kept, default=None)

    def restricted(self, request: DataRequest, outcome: Outcome) -> Outcome:
        """The outcome of a place that was restricted where it was to be erased."""
        if not outcome.found:
            return outcome
        until = self.until(request)
        kept = Kept(_EVERYTHING, LEGAL_HOLD, _CITATION, outcome.found, until)
        return replace(outcome, kept=(kept,))

    def targets(self, request: DataRequest) -> list[Target]:
        """All that a hold can be on so that it counts for the request."""
        return list(dict.fromkeys(self._held_by(request)))

    def _held_by(self, request: DataRequest) -> Iterator[Target]:
        content = request.content
        if user_id := content.identities.get(USER_ID):
            yield from self._holds.person_targets(user_id)
        if re.fullmatch(VALUE_PATTERN, content.client):
            yield Target(TargetKind.CLIENT, content.client)
        if request.subject_id is not None:
            names = self._subjects.names(request.subject_id)
            yield from (Target(TargetKind.PERSON, each) for each in names)

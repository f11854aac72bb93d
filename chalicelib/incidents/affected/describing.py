"""Computations as the API and packs of evidence show them."""

from collections.abc import Iterable
from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.incidents.affected.models import Computation
from chalicelib.incidents.affected.wire import (
    ComputationEvidence,
    ComputationsEvidence,
    ComputationView,
)


def computation_view(computation: Computation) -> ComputationView:
    """A computation, running or ended."""
    return ComputationView(**_fields(computation))


def evidence_of_computations(computations: Iterable[Computation]) -> ComputationsEvidence:
    """What a pack of evidence says of them, the earliest first."""
    in_turn = sorted(computations, key=lambda each: (each.asked_at, each.computation_id))
    return ComputationsEvidence(
        computations=tuple(
            ComputationEvidence(
                **_fields(each),
                place=each.question.place,
                collection=each.question.collection,
                asked_by=each.asked_by,
                settled_because=each.settled_because or None,
            )
            for each in in_turn
        )
    )


def _fields(computation: Computation) -> dict[str, Any]:
    tally, ended_at = computation.tally, computation.ended_at
    return {
        "computation_id": computation.computation_id,
        "status": computation.stage.value,
        "rehearsal": computation.rehearsal,
        "asked_at": rfc3339(computation.asked_at),
        "ended_at": rfc3339(ended_at) if ended_at else None,
        "rows": tally.rows,
        "matched": tally.matched,
        "undated": tally.undated,
        "nobody": tally.nobody,
        "people": tally.people.count,
        "people_exact": tally.people.is_exact,
        "without_address": tally.without_address.count,
        "clients": tally.clients,
        "more_clients": tally.more_clients,
        "problem": computation.problem or None,
    }

"""The parts of an evidence pack that every incident has.

incident.json    all facts, moments, decisions, the assessment, duties with their explanations
awareness.jws    the signed decision that we know of it, as it was signed
computations.json  where the affected were looked for, what came of it, and why what failed was
                   settled
aftermath.json   causes, remedies, the report to clients, closings
trail.json       the incident's chain with every checkpoint, as auditors export it (audit/bundle.py)
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from chalicelib.audit.entry import Entity
from chalicelib.audit.export import Exporter
from chalicelib.incidents.affected.computation_store import ComputationStore
from chalicelib.incidents.affected.describing import evidence_of_computations
from chalicelib.incidents.aftermath.describing import aftermath_view
from chalicelib.incidents.aftermath.store import AftermathStore
from chalicelib.incidents.book import IncidentBook
from chalicelib.incidents.describing import incident_view
from chalicelib.incidents.pack.models import (
    AFTERMATH_FILE,
    AWARENESS_FILE,
    COMPUTATIONS_FILE,
    INCIDENT_FILE,
    TRAIL_FILE,
    File,
    Part,
)
from chalicelib.wire import Answer

_YEARS = 1024**3
"""Bytes: every checkpoint since the first is in the trail, and nobody knows beforehand how long."""

type Chains = Callable[[str], Sequence[Entity]]
"""The chains of the trail that tell of an incident, by its id."""


def of_incident(book: IncidentBook) -> Part:
    """The incident with all that is known of it, and the signed awareness."""

    def files(incident_id: str) -> Iterator[File]:
        incident = book.get(incident_id)
        yield File(INCIDENT_FILE, [_json(incident_view(incident))])
        if incident.awareness:
            yield File(AWARENESS_FILE, [incident.awareness.statement.encode("ascii")])

    return files


def of_computations(store: ComputationStore) -> Part:
    """How it was found out whom it affects. Without the values that rows were filtered by."""

    def files(incident_id: str) -> Iterable[File]:
        shown = evidence_of_computations(store.of_incident(incident_id))
        return [File(COMPUTATIONS_FILE, [_json(shown)])]

    return files


def of_aftermath(store: AftermathStore) -> Part:
    """What followed it."""

    def files(incident_id: str) -> Iterable[File]:
        return [File(AFTERMATH_FILE, [_json(aftermath_view(store.get(incident_id)))])]

    return files


def of_trail(
    exporter: Exporter, chains: Chains, jwks: Callable[[], Sequence[Mapping[str, Any]]]
) -> Part:
    """The trail of it."""

    def files(incident_id: str) -> Iterable[File]:
        return [File(TRAIL_FILE, exporter.pieces(jwks(), chains(incident_id)), _YEARS)]

    return files


def _json(shown: Answer) -> bytes:
    return shown.model_dump_json(indent=1).encode() + b"\n"

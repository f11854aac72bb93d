"""Computations of who was affected, in the `records` table.

pk          AFFECTED#<incident id>
sk          COMPUTATION#<computation id>
et, v, rev  item type, schema version, changes
stage       running, done, failed, settled
rehearsal   whether it only counts
by, at      who asked and when; ended, when it ended (ms since 1970 UTC)
counts      rows, matched, undated, nobody
people, without    whom was counted, as the smallest of their hashes (sketch.py)
problem     the code of why it failed
sealed      the question, where to go on, the clients, why it was settled: under the key of the
            incident's list
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.errors import Unavailable
from chalicelib.incidents.affected.models import (
    PENDING,
    Computation,
    Question,
    Stage,
    Tally,
)
from chalicelib.incidents.affected.sketch import Sketch
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

COMPUTATION = Schema("affected_computation")
_COUNTS = ("rows", "matched", "undated", "nobody")


class Overtaken(Unavailable):
    """Another worker moved the computation on: the rows are its to read now."""

    code = "computation_overtaken"


class ComputationStore:
    """Reads computations; makes the writes that move them on."""

    def __init__(self, records: Table, vault: Vault) -> None:
        self._records = records
        self._vault = vault

    def get(self, incident_id: str, computation_id: str) -> Computation | None:
        """The computation, opened, read consistently, or None."""
        key = _key(incident_id, computation_id)
        item = self._records.get(key, consistent=True)
        if item is None:
            return None
        return self._opened(incident_id, item)

    def pending(self, incident_id: str) -> frozenset[Stage]:
        """The stages among `PENDING` at which some of the incident's are that are no rehearsal,
        read consistently. Opens nothing."""
        return PENDING & {Stage(str(each["stage"])) for each in self._listing(incident_id)}

    def of_incident(self, incident_id: str) -> list[Computation]:
        """Those of the incident that are no rehearsal, opened, read consistently."""
        return [self._opened(incident_id, each) for each in self._listing(incident_id)]

    def addition(self, computation: Computation) -> list[Action]:
        """The writes of a new computation. They meet `KeyDestroyed`."""
        # ABSENT: an id that came twice must not take another one's place.
        return [
            Put(self._records, self._item(computation), ABSENT),
            self._vault.still_there(Scope.affected(computation.incident_id)),
        ]

    def change(self, computation: Computation) -> Action:
        """The write of the computation in place of the one that it was made from. Of two workers at
        one page one counts it, the other meets `Overtaken`."""
        return self._change(computation, Overtaken)

    def settling(self, computation: Computation) -> Action:
        """The write of a failed computation that is settled. It meets `Moved`."""
        return self._change(replace(computation, stage=Stage.SETTLED), Moved)

    def _change(self, computation: Computation, otherwise: type[Overtaken | Moved]) -> Action:
        item = self._item(replace(computation, revision=computation.revision + 1))
        return Put(self._records, item, revision_is(computation.revision), otherwise)

    def _listing(self, incident_id: str) -> Iterator[Item]:
        beside = self._records.query_all(compose("AFFECTED", incident_id), consistent=True)
        found = (each for each in beside if each["et"] == COMPUTATION.item_type)
        return (each for each in found if not each["rehearsal"])

    def _opened(self, incident_id: str, item: Item) -> Computation:
        item = COMPUTATION.lift(item)
        context = SealContext.of(self._records.logical, item)
        sealed = cast("bytes", item["sealed"])
        said = self._vault.open(Scope.affected(incident_id), context, sealed)
        return _computation(incident_id, item, json.loads(said))

    def _item(self, computation: Computation) -> Item:
        key = _key(computation.incident_id, computation.computation_id)
        tally = computation.tally
        item: Item = {
            "pk": key.pk,
            "sk": key.sk,
            "rev": computation.revision,
            "stage": computation.stage.value,
            "rehearsal": computation.rehearsal,
            "by": computation.asked_by,
            "at": to_millis(computation.asked_at),
            "counts": {name: getattr(tally, name) for name in _COUNTS},
            "people": tally.people.to_bytes(),
            "without": tally.without_address.to_bytes(),
            "problem": computation.problem,
        }
        if computation.ended_at is not None:
            item["ended"] = to_millis(computation.ended_at)
        item = COMPUTATION.stamp(item)
        context = SealContext.of(self._records.logical, item)
        scope = Scope.affected(computation.incident_id)
        return {**item, "sealed": self._vault.seal(scope, context, _said(computation))}


def _said(computation: Computation) -> bytes:
    question, tally = computation.question, computation.tally
    said = {
        "place": question.place,
        "collection": question.collection,
        "filter": {path: sorted(values) for path, values in question.filter.items()},
        "time_field": question.time_field,
        "client_field": question.client_field,
        "between": [at and to_millis(at) for at in (question.since, question.until)],
        "position": computation.position,
        "clients": tally.clients,
        "more_clients": tally.more_clients,
        "settled_because": computation.settled_because,
    }
    return json.dumps(said, separators=(",", ":")).encode()


def _computation(incident_id: str, item: Item, said: dict[str, Any]) -> Computation:
    fields = cast("dict[str, Any]", item)
    since, until = (None if at is None else from_millis(at) for at in said["between"])
    question = Question(
        said["place"],
        said["collection"],
        {path: frozenset(values) for path, values in said["filter"].items()},
        said["time_field"],
        since,
        until,
        said["client_field"],
    )
    tally = Tally(
        **{name: fields["counts"][name] for name in _COUNTS},
        people=Sketch.from_bytes(fields["people"]),
        without_address=Sketch.from_bytes(fields["without"]),
        clients=tuple(said["clients"]),
        more_clients=said["more_clients"],
    )
    return Computation(
        computation_id=fields["sk"].partition(SEPARATOR)[2],
        incident_id=incident_id,
        question=question,
        rehearsal=fields["rehearsal"],
        asked_by=fields["by"],
        asked_at=from_millis(fields["at"]),
        stage=Stage(fields["stage"]),
        position=said["position"],
        tally=tally,
        ended_at=from_millis(fields["ended"]) if "ended" in fields else None,
        problem=fields["problem"],
        settled_because=said.get("settled_because", ""),
        revision=fields["rev"],
    )


def _key(incident_id: str, computation_id: str) -> Key:
    return Key(compose("AFFECTED", incident_id), compose("COMPUTATION", computation_id))

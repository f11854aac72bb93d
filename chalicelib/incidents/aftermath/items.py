"""What follows an incident as one item of the `records` table.

    pk           INCIDENT#<incident id>
    sk           AFTERMATH
    et, v, rev   item type, schema version, changes
    remedies     remediation actions in the order of their making: id, due (ms), state, reminders,
                 and where they ended: ended (ms)
    due_pk       REMEDIES, with due_sk, the moment of the next reminder (ms, 13 digits) and the
                 incident's id, while an action is open
    sealed       everything else, under the incident's own key

What stands in clear is ids and moments, so that whoever reminds opens nothing.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.incidents.aftermath.models import (
    ActionState,
    Aftermath,
    ClientReport,
    Containment,
    Method,
    Remedy,
    RootCause,
    Step,
    Turn,
)
from chalicelib.incidents.aftermath.rules import next_reminder
from chalicelib.incidents.items import key_of_incident
from chalicelib.tables.codec import Item, Value
from chalicelib.tables.keys import SEPARATOR, Key
from chalicelib.tables.schema import Schema, UnreadableItem

AFTERMATH = Schema("incident_aftermath")
REMINDED = "REMEDIES"
"""The bucket of the index `due` that lists incidents with a reminder to come."""
LISTED = ("due_pk", "due_sk")


def key_of_aftermath(incident_id: str) -> Key:
    return Key(key_of_incident(incident_id).pk, "AFTERMATH")


def clear_item(aftermath: Aftermath) -> Item:
    """The item without what is sealed, stamped with its type and version."""
    key = key_of_aftermath(aftermath.incident_id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "rev": aftermath.revision,
        **watched(aftermath),
    }
    return AFTERMATH.stamp(item)


def watched(aftermath: Aftermath) -> dict[str, Value]:
    """What whoever reminds changes: the actions' clear part, and the place on the list."""
    fields: dict[str, Value] = {
        "remedies": [_clear_remedy(each) for each in aftermath.remedies.values()]
    }
    if (moment := next_reminder(aftermath)) is not None:
        fields["due_pk"] = REMINDED
        fields["due_sk"] = f"{to_millis(moment):013d}{SEPARATOR}{aftermath.incident_id}"
    return fields


def aftermath_from(item: Item, said: Mapping[str, Any]) -> Aftermath:
    """The aftermath that `item` says in clear, with what was sealed; empty if that was not opened.

    Raises `UnreadableItem`.
    """
    match AFTERMATH.lift(item):
        case {"pk": str(pk), "rev": int(revision), "remedies": list(remedies)}:
            texts = said.get("remedies", {})
            found = [_remedy_from(cast("Mapping[str, Any]", each), texts) for each in remedies]
            return Aftermath(
                incident_id=pk.partition(SEPARATOR)[2],
                containment=_containment_from(said.get("containment")),
                root_cause=_cause_from(said.get("root_cause")),
                remedies={each.action_id: each for each in found},
                lessons=said.get("lessons", {}),
                report=_report_from(said.get("report")),
                turns=tuple(map(_turn_from, said.get("turns", ()))),
                revision=revision,
            )
    raise UnreadableItem(AFTERMATH.item_type)


def said_of(aftermath: Aftermath) -> bytes:
    """What of the aftermath is sealed."""
    contained, cause, report = aftermath.containment, aftermath.root_cause, aftermath.report
    said: dict[str, Any] = {
        "remedies": {
            each.action_id: [dict(each.what), each.owner, each.dropped_because]
            for each in aftermath.remedies.values()
        },
        "lessons": dict(aftermath.lessons),
        "turns": [
            [each.step, each.by, to_millis(each.at), each.reasons] for each in aftermath.turns
        ],
    }
    if contained:
        said["containment"] = [dict(contained.measures), to_millis(contained.contained_at)]
    if cause:
        said["root_cause"] = [
            cause.method,
            dict(cause.analysis),
            list(map(dict, cause.contributing)),
        ]
    if report:
        said["report"] = {
            "id": report.report_id,
            "texts": dict(report.texts),
            "author": report.author,
            "proposed": to_millis(report.proposed_at),
            "approver": report.approved_by,
            "approved": to_millis(report.approved_at) if report.approved_at else None,
        }
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()


def _clear_remedy(remedy: Remedy) -> dict[str, Value]:
    fields: dict[str, Value] = {
        "id": remedy.action_id,
        "due": to_millis(remedy.due_at),
        "state": remedy.state.value,
        "reminders": remedy.reminders,
    }
    if remedy.ended_at:
        fields["ended"] = to_millis(remedy.ended_at)
    return fields


def _remedy_from(fields: Mapping[str, Any], texts: Mapping[str, Any]) -> Remedy:
    what, owner, because = texts.get(fields["id"], ({}, "", ""))
    return Remedy(
        action_id=fields["id"],
        what=what,
        owner=owner,
        due_at=from_millis(fields["due"]),
        state=ActionState(fields["state"]),
        ended_at=_moment(fields.get("ended")),
        dropped_because=because,
        reminders=fields["reminders"],
    )


def _containment_from(said: Any) -> Containment | None:
    if said is None:
        return None
    measures, contained_at = said
    return Containment(measures, from_millis(contained_at))


def _cause_from(said: Any) -> RootCause | None:
    if said is None:
        return None
    method, analysis, contributing = said
    return RootCause(Method(method), analysis, tuple(contributing))


def _report_from(said: Any) -> ClientReport | None:
    if said is None:
        return None
    return ClientReport(
        said["id"],
        said["texts"],
        said["author"],
        from_millis(said["proposed"]),
        said["approver"],
        _moment(said["approved"]),
    )


def _turn_from(said: Any) -> Turn:
    step, by, at, reasons = said
    return Turn(Step(step), by, from_millis(at), reasons)


def _moment(millis: int | None) -> datetime | None:
    return None if millis is None else from_millis(millis)

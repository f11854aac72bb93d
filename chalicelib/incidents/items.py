"""An incident as items of the `records` table.

    pk           INCIDENT#<incident id>
    sk           INCIDENT
    et, v, rev   item type, schema version, changes
    status, nature, source, drill, by, handler, recorded    as in models.py
    aware        since when we know of it, once that was decided
    severity     once it was assessed
    nudges       how many mails said that nobody has decided since when it is known
    duties       who has to be told: id, recipient, law, article, because, state, alerts, and where
                 they are: deadline, frozen with the version of its pack, done
    closed       when it was closed, or dismissed
    forgotten    once its time was over: then nothing is sealed any more (ending.py)
    due_pk       INCIDENTS, with due_sk, the moment of the next alarm (ms, 13 digits) and the id,
                 while one is to come
    sealed       everything else, under the incident's own key, bound to source and drill
    mailbox      the handler's address, under a key of its own: whoever raises alarms opens this

    pk           INCIDENTS#<year>       the register: a line for each, by the year of its recording
    sk           <incident id>

Times are ms since 1970 UTC. What stands in clear is ids and constants.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.incidents.alarm_rules import next_moment
from chalicelib.incidents.models import (
    Assessment,
    Awareness,
    DataCategory,
    Duty,
    DutyState,
    Earlier,
    Facts,
    Incident,
    Judgement,
    Kind,
    Nature,
    Recipient,
    Scores,
    Severity,
    Source,
    Status,
    Texts,
)
from chalicelib.law.deadline import Deadline, Plain
from chalicelib.law.models import Party
from chalicelib.tables.codec import Item, Value
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem

INCIDENT = Schema("incident")
INCIDENT_LINE = Schema("incident_line")
WATCHED = "INCIDENTS"
"""The bucket of the index `due` that lists the incidents with an alarm to come."""
LISTED = ("due_pk", "due_sk")
_SAID = ("title", "nature", "how", "consequences", "measures", "recovery")


def key_of_incident(incident_id: str) -> Key:
    return Key(compose("INCIDENT", incident_id), "INCIDENT")


def register_partition(year: int) -> str:
    """The lines of what was recorded in a year (UTC)."""
    return compose("INCIDENTS", f"{year:04d}")


def line_of(incident: Incident) -> Item:
    """The incident's line in the register."""
    item: Item = {
        "pk": register_partition(incident.recorded_at.year),
        "sk": incident.incident_id,
    }
    return INCIDENT_LINE.stamp(item)


def clear_item(incident: Incident) -> Item:
    """The item without what is sealed, stamped with its type and version."""
    key = key_of_incident(incident.incident_id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "rev": incident.revision,
        "status": incident.status.value,
        "nature": incident.nature.value,
        "source": incident.source.value,
        "drill": incident.drill,
        "by": incident.reported_by,
        "handler": incident.handler,
        "recorded": to_millis(incident.recorded_at),
        **watched(incident),
    }
    if incident.awareness:
        item["aware"] = to_millis(incident.awareness.at)
    if incident.severity:
        item["severity"] = incident.severity.value
    if incident.closed_at:
        item["closed"] = to_millis(incident.closed_at)
    if incident.forgotten:
        item["forgotten"] = True
    return INCIDENT.stamp(item)


def watched(incident: Incident) -> dict[str, Value]:
    """What the watcher changes: the duties, and the place on its list."""
    fields: dict[str, Value] = {
        "duties": [_duty_fields(each) for each in incident.duties],
        "nudges": incident.nudges,
    }
    if (moment := next_moment(incident)) is not None:
        fields["due_pk"] = WATCHED
        fields["due_sk"] = f"{to_millis(moment):013d}{SEPARATOR}{incident.incident_id}"
    return fields


def incident_from(item: Item, said: Mapping[str, Any]) -> Incident:
    """The incident that `item` says in clear, with what was sealed; empty if that was not opened.

    Raises `UnreadableItem`.
    """
    match INCIDENT.lift(item):
        case {
            "pk": str(pk),
            "rev": int(revision),
            "status": str(status),
            "nature": str(nature),
            "source": str(source),
            "drill": bool(drill),
            "by": str(reported_by),
            "handler": str(handler),
            "recorded": int(recorded),
            "duties": list(duties),
            "nudges": int(nudges),
        }:
            return Incident(
                incident_id=pk.partition(SEPARATOR)[2],
                source=Source(source),
                drill=drill,
                reported_by=reported_by,
                recorded_at=from_millis(recorded),
                facts=_facts_from(said.get("facts", {})),
                status=Status(status),
                nature=Nature(nature),
                nature_because=said.get("nature_because", ""),
                handler=handler,
                awareness=_awareness_from(item, said.get("awareness", {})),
                assessment=_assessment_from(said.get("assessment")),
                severity=Severity(str(item["severity"])) if "severity" in item else None,
                duties=tuple(_duty_from(cast("Mapping[str, Any]", each)) for each in duties),
                late=_late_from(said.get("late", {})),
                closed_at=_moment(item.get("closed")),
                earlier=_earlier_from(said.get("earlier", {})),
                nudges=nudges,
                forgotten="forgotten" in item,
                revision=revision,
            )
    raise UnreadableItem(INCIDENT.item_type)


def said_of(incident: Incident) -> bytes:
    """What of the incident is sealed."""
    said: dict[str, Any] = {
        "facts": _facts_fields(incident.facts),
        "nature_because": incident.nature_because,
        "late": {duty: dict(because) for duty, because in incident.late.items()},
    }
    if incident.awareness:
        said["awareness"] = _awareness_fields(incident.awareness)
    if incident.assessment:
        said["assessment"] = _assessment_fields(incident.assessment)
    earlier = incident.earlier
    if earlier != Earlier():
        said["earlier"] = {
            "awareness": [
                {**_awareness_fields(each), "aware": to_millis(each.at)}
                for each in earlier.awareness
            ],
            "assessments": list(map(_assessment_fields, earlier.assessments)),
            "judgements": [[each.nature, each.because] for each in earlier.judgements],
        }
    return json.dumps(said, separators=(",", ":")).encode()


def _late_from(said: Mapping[str, Texts | str]) -> dict[str, Texts]:
    # Reasons were said in one language before.
    return {
        duty: {"en": because} if isinstance(because, str) else because
        for duty, because in said.items()
    }


def _awareness_fields(decided: Awareness) -> dict[str, Any]:
    return {
        "by": decided.decided_by,
        "at": to_millis(decided.decided_at),
        "reasons": decided.reasons,
        "statement": decided.statement,
    }


def _assessment_fields(assessment: Assessment) -> dict[str, Any]:
    return {
        "scores": [getattr(assessment.scores, name) for name in Scores.__slots__],
        "severity": assessment.severity,
        "reasons": assessment.reasons,
        "by": assessment.assessed_by,
        "at": to_millis(assessment.assessed_at),
    }


def _facts_fields(facts: Facts) -> dict[str, Any]:
    return {
        **{name: getattr(facts, name) for name in _SAID},
        "role": facts.role,
        "kinds": sorted(facts.kinds),
        "occurred": [_millis(facts.occurred_from), _millis(facts.occurred_until)],
        "systems": facts.systems,
        "categories": [[each.id, each.specific] for each in facts.categories],
        "numbers": [facts.people, facts.records],
        "clients": facts.clients,
        "more_clients": facts.more_clients,
        "countries": facts.countries,
        "public_interest": facts.public_interest,
        "unintelligible": facts.unintelligible,
    }


def _facts_from(fields: Mapping[str, Any]) -> Facts:
    if not fields:
        return Facts()
    people, records = fields["numbers"]
    since, until = map(_moment, fields["occurred"])
    return Facts(
        **{name: fields[name] for name in _SAID},
        role=Party(fields["role"]),
        kinds=frozenset(map(Kind, fields["kinds"])),
        occurred_from=since,
        occurred_until=until,
        systems=tuple(fields["systems"]),
        categories=tuple(DataCategory(*each) for each in fields["categories"]),
        people=people,
        records=records,
        clients=tuple(fields["clients"]),
        more_clients=fields.get("more_clients", False),
        countries=tuple(fields["countries"]),
        public_interest=fields["public_interest"],
        unintelligible=fields["unintelligible"],
    )


def _awareness_from(item: Item, said: Mapping[str, Any]) -> Awareness | None:
    at = _moment(item.get("aware"))
    if at is None:
        return None
    return _decided(at, said) if said else Awareness(at, "", at, "", "")


def _decided(at: datetime, said: Mapping[str, Any]) -> Awareness:
    return Awareness(at, said["by"], from_millis(said["at"]), said["reasons"], said["statement"])


def _earlier_from(said: Mapping[str, Any]) -> Earlier:
    if not said:
        return Earlier()
    return Earlier(
        tuple(_decided(from_millis(each["aware"]), each) for each in said["awareness"]),
        tuple(
            found for each in said["assessments"] if (found := _assessment_from(each)) is not None
        ),
        tuple(Judgement(Nature(nature), because) for nature, because in said["judgements"]),
    )


def _assessment_from(said: Mapping[str, Any] | None) -> Assessment | None:
    if said is None:
        return None
    return Assessment(
        Scores(*said["scores"]),
        Severity(said["severity"]),
        said["reasons"],
        said["by"],
        from_millis(said["at"]),
    )


def _duty_fields(duty: Duty) -> dict[str, Value]:
    fields: dict[str, Value] = {
        "id": duty.id,
        "recipient": duty.recipient.value,
        "law": duty.law,
        "article": duty.article,
        "because": " ".join(duty.because),
        "state": duty.state.value,
        "alerts": duty.alerts,
    }
    if duty.deadline is not None:
        frozen: dict[str, Value] = {**duty.deadline.to_values()}
        fields["deadline"] = frozen
    if duty.done_at is not None:
        fields["done"] = to_millis(duty.done_at)
    return fields


def _duty_from(fields: Mapping[str, Any]) -> Duty:
    frozen = cast("Mapping[str, Plain] | None", fields.get("deadline"))
    return Duty(
        id=fields["id"],
        recipient=Recipient(fields["recipient"]),
        law=fields["law"],
        article=fields["article"],
        deadline=Deadline.from_values(frozen) if frozen else None,
        because=tuple(fields["because"].split()),
        state=DutyState(fields["state"]),
        done_at=_moment(fields.get("done")),
        alerts=fields["alerts"],
    )


def _millis(moment: datetime | None) -> int | None:
    return None if moment is None else to_millis(moment)


def _moment(millis: object) -> datetime | None:
    return None if millis is None else from_millis(cast("int", millis))

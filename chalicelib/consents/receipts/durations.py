"""How long something holds, as DPV's durations say it (guide, 8.5.4)."""

from datetime import datetime, timedelta

from chalicelib.clock import rfc3339
from chalicelib.consents.receipts.context import Node
from chalicelib.notices.models import Language


def lasting(span: timedelta) -> Node:
    """A period in whole seconds, as an ISO 8601 duration: `P730D`, `P1DT3600S`."""
    time = f"T{span.seconds}S" if span.seconds else ""
    value = {"@type": "xsd:duration", "@value": f"P{span.days}D{time}"}
    return {"@type": "dpv:TemporalDuration", "rdf:value": value}


def until(moment: datetime) -> Node:
    """Up to `moment` (aware)."""
    value = {"@type": "xsd:dateTime", "@value": rfc3339(moment)}
    return {"@type": "dpv:UntilTimeDuration", "rdf:value": value}


def until_event(event: str, language: Language) -> Node:
    """Up to something that `event` describes in `language`."""
    value = {"@language": language, "@value": event}
    return {"@type": "dpv:UntilEventDuration", "rdf:value": value}

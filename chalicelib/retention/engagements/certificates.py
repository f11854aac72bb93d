"""The certificate of an ended engagement: what went, what stays, by which rule and until when.

Anybody checks it offline with the published key and any JOSE library. It holds no personal data:
the client's opaque id, rules, counts, days.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.audit import jws
from chalicelib.clock import rfc3339
from chalicelib.retention.engagements.models import Count, Engagement, Line
from chalicelib.retention.schedule.models import Schedule

KIND = "jaga-engagement-certificate+jws"


def certificate(
    signer: jws.Signer,
    engagement: Engagement,
    count: Count,
    schedule: tuple[int, Schedule],
    now: datetime,
) -> str:
    """The certificate at `now` (aware), a compact JWS (RFC 7515, ES256). One Sign.

    `records_chain` is a hash over the ids of all that went, in their order (`rules.chained`).
    """
    number, rules = schedule
    statement: dict[str, Any] = {
        "schema": "jaga.engagement-certificate.v1",
        "client": engagement.client,
        "ended_at": rfc3339(engagement.ended_at),
        "certified_at": rfc3339(now),
        "schedule": number,
        "disposed_of": [
            {
                "category": line.category,
                "rule": line.rule,
                "means": line.means,
                "records": records,
            }
            for line, records in sorted(count.gone.items())
        ],
        "records_chain": count.chain,
        "kept": [_kept(line, records, rules) for line, records in sorted(count.living.items())],
    }
    return jws.sign(signer, KIND, statement)


def _kept(line: Line, records: int, schedule: Schedule) -> Mapping[str, Any]:
    return {
        "category": line.category,
        "records": records,
        "until": line.day or None,
        "kept_by": [{"rule": rule, "ground": _ground(rule, schedule)} for rule in line.kept_by],
    }


def _ground(rule: str, schedule: Schedule) -> str | None:
    mandate = schedule.mandates.get(rule)
    return mandate.ground if mandate else None

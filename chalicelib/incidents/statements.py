"""What somebody signs who decides that we know of a breach: a compact JWS (RFC 7515, ES256).

Its key is the one that the API signs with while people wait; anybody checks it offline.
"""

from datetime import datetime

from chalicelib.audit import jws
from chalicelib.clock import rfc3339

KIND = "jaga-awareness+jws"


def signed_awareness(
    signer: jws.Signer, incident_id: str, aware_at: datetime, staff_id: str, now: datetime
) -> str:
    """The statement of a member of the staff, at `now`, that we know of the incident since
    `aware_at` (both aware). One Sign."""
    said = {
        "incident_id": incident_id,
        "aware_at": rfc3339(aware_at),
        "decided_by": staff_id,
        "decided_at": rfc3339(now),
    }
    return jws.sign(signer, KIND, said)

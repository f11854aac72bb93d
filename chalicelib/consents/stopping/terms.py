"""When alerts of stop orders come, and to whom: `alerts.toml`."""

from pathlib import Path

from chalicelib.law.escalation import Escalation, escalation_in

FILE = Path(__file__).parent / "alerts.toml"


def escalation() -> Escalation:
    """The terms in force."""
    return escalation_in(FILE)

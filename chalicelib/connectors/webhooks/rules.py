"""What an answer means, and when to try again."""

from datetime import timedelta
from enum import Enum, auto

REST = timedelta(minutes=1)
"""How long an endpoint that did not answer is left alone. An attempt costs up to 20 seconds then;
what waits behind it would cost as much, and hold up what is for others."""

MOST_ATTEMPTS = 24
_FIRST_PAUSE_SECONDS = 5
_DOUBLINGS = 13


class Outcome(Enum):
    """What became of an attempt."""

    SENT = auto()
    GONE = auto()
    AGAIN = auto()


def outcome_of(status: int) -> Outcome:
    """By the Standard Webhooks specification: 2xx is a receipt, 410 an end, all else a failure.

    A redirect is a failure as well: whoever moves says so to us, not to our client.
    """
    if 200 <= status < 300:
        return Outcome.SENT
    return Outcome.GONE if status == 410 else Outcome.AGAIN


def longest_pause(attempts: int) -> int:
    """Seconds within which the next attempt comes after `attempts` (at least 1) that failed.

    5 s, doubling to 11 h 22 min, just under the 12 hours for which SQS hides a message. The moment
    within is drawn at random ("full jitter"): so 24 attempts take three days on average.
    """
    return _FIRST_PAUSE_SECONDS << min(attempts - 1, _DOUBLINGS)

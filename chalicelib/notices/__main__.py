"""What an operator does about messages that are stuck.

    python -m chalicelib.notices redrive <queue>        bring a queue's dead letters back
    python -m chalicelib.notices relay [--minutes 60]   queue what never reached a queue


The deployment's names are read from the environment (`JAGA_*`), as the functions do. Mend what was
wrong first: each letter is tried as often again as before.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import timedelta

from chalicelib.notices.redrive import redrive
from chalicelib.services import services


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m chalicelib.notices")
    commands = parser.add_subparsers(required=True)
    back = commands.add_parser("redrive", help="bring a queue's dead letters back into it")
    back.add_argument("queue", choices=["mail", "webhook", "feedback", "work", "findings"])
    back.set_defaults(run=lambda options: _redrive(options.queue))
    relay = commands.add_parser("relay", help="queue what the relay gave up")
    relay.add_argument("--minutes", type=int, default=60, help="the shortest wait (60)")
    relay.set_defaults(run=lambda options: _relay(options.minutes))
    options = parser.parse_args(arguments)
    sys.stdout.write(f"{options.run(options)}\n")
    return 0


def _redrive(queue: str) -> str:
    here = services()
    moved = redrive(here.sqs, getattr(here.settings, f"{queue}_queue_url"))
    return f"{moved} dead letters are back in the queue"


def _relay(minutes: int) -> str:
    queued = services().stranded.hand_over(timedelta(minutes=minutes))
    return f"{queued} messages are in their queues"


if __name__ == "__main__":
    sys.exit(main())

"""`python -m chalicelib.notices redrive mail|webhook|feedback`: bring dead letters back.

The deployment's names are read from the environment (`JAGA_*`), as the functions do. Mend what was
wrong first: each letter is tried as often again as before.
"""

import argparse
import sys
from collections.abc import Sequence

from chalicelib.notices.redrive import redrive
from chalicelib.services import services


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m chalicelib.notices")
    commands = parser.add_subparsers(required=True)
    back = commands.add_parser("redrive", help="bring a queue's dead letters back into it")
    back.add_argument("queue", choices=["mail", "webhook", "feedback"])
    options = parser.parse_args(arguments)
    here = services()
    queue_url = getattr(here.settings, f"{options.queue}_queue_url")
    moved = redrive(here.sqs, queue_url)
    sys.stdout.write(f"{moved} dead letters are back in the queue\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

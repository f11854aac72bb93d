"""Guards where the store itself cannot hold them: checked right before what they guard."""

import time
from collections.abc import Callable

from chalicelib.connectors.disposals import Guard
from chalicelib.tables.transactions import run_command

ATTEMPTS = 6
"""Of a transaction that others get in the way of: a second of pauses in all, at most."""


def check_guard(guard: Guard, sleep: Callable[[float], None] = time.sleep) -> None:
    """Raises the `otherwise` of the first condition of `guard` that does not hold, now.

    `Contended` where others kept writing there.
    """
    if guard:
        run_command(guard[0].table.client, lambda: guard, sleep=sleep, attempts=ATTEMPTS)

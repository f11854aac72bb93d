"""What tellers have in common: step after step until the time runs low.

A run that dies has told all or none of a step's people, and of two runs at once one tells each.
"""

from collections.abc import Callable, Iterable, Iterator

from chalicelib.notices.telling.place import NothingToTell, Step
from chalicelib.tables.transactions import Action, RunCommand
from chalicelib.telemetry import log_failure

RESERVE = 10_000
"""ms kept for the step at hand: a contended transaction is built anew for seconds."""


def go_through[T](due: Iterable[T], go_on: Callable[[T], None]) -> int:
    """Goes on with each that is due; answers how many failed. One that does holds up no other."""
    failed = 0
    for each in due:
        try:
            go_on(each)
        except Exception as error:  # noqa: BLE001  # whatever it is, the next one is due too
            log_failure(error, "")
            failed += 1
    return failed


def steps(take: Callable[[], Step], remaining_ms: Callable[[], int]) -> Iterator[Step]:
    """The steps that were taken, until there is none or `remaining_ms` runs low."""
    while remaining_ms() >= RESERVE:
        try:
            step = take()
        except NothingToTell:
            return
        yield step


def taken(run_command: RunCommand, make: Callable[[], Step]) -> Step:
    """The step that `make` makes, and that went through; made anew when it was overtaken."""
    made: list[Step] = []

    def build() -> list[Action]:
        made[:] = [make()]
        return list(made[0].actions)

    run_command(build)
    return made[0]

"""Sweeps on the wire."""

from chalicelib.wire import Answer


class RunView(Answer):
    """A run of the sweep. `counts` says what came of its records: done, held, moved, failed.

    `tripped` means that it stopped itself before it touched anything; `confirmed_by` is who let it
    go on.
    """

    run_id: str
    state: str
    started_at: str
    ended_at: str | None = None
    due: int
    lag_seconds: int
    handed: int
    batches: int
    finished: int
    counts: dict[str, int]
    confirmed_by: str | None = None


class RunList(Answer):
    """The newest first."""

    sweeps: tuple[RunView, ...]
    cursor: str | None = None


class GroupView(Answer):
    """Records that would go, in one rule's name and by one means."""

    category: str
    place: str
    rule: str
    means: str
    records: int


class RehearsalView(Answer):
    """What a sweep would do now. `complete`: all that is due was looked at, not the first 2,000."""

    groups: tuple[GroupView, ...]
    held: int
    moved: int
    complete: bool
    allowed: int

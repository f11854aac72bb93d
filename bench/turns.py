"""Calls measured in turns, so that a busy machine slows all of them alike."""

import statistics
import time
from collections.abc import Callable

CALLS = 50
TURNS = 80


def interleaved(*calls: Callable[[], None]) -> list[float]:
    """The median CPU time of each call in µs, over 80 turns of 50 calls, after one to warm up."""
    turns: list[list[float]] = [[] for _ in calls]
    for call in calls:
        for _ in range(CALLS):
            call()
    for _ in range(TURNS):
        for call, times in zip(calls, turns, strict=True):
            start = time.process_time()
            for _ in range(CALLS):
                call()
            times.append((time.process_time() - start) / CALLS * 1e6)
    return [statistics.median(times) for times in turns]

"""Plaintext keys in memory: few, and not for long."""

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta
from threading import Lock

from chalicelib.clock import Clock

LONGEST_LIFE = timedelta(minutes=5)


class KeyCache[K: Hashable, V]:
    """At most `size` values, the least recently used leaves first, each for at most `life`.

    What has expired goes at the next use of the cache, whichever key that asks for: an entry that
    nobody wants any more does not stay behind. A clock that was set back empties the cache, so
    that it cannot lengthen a life.
    """

    def __init__(self, clock: Clock, *, size: int, life: timedelta) -> None:
        """`ValueError` unless 1 <= `size` and 0 < `life` <= 5 minutes."""
        if not timedelta(0) < life <= LONGEST_LIFE:
            raise ValueError("keys live in memory for at most five minutes")
        if size < 1:
            raise ValueError("a cache holds at least one key")
        self._clock = clock
        self._size = size
        self._life = life
        self._entries: OrderedDict[K, tuple[V, datetime]] = OrderedDict()
        self._earliest = self._latest_use = clock.now()
        self._lock = Lock()

    def get(self, name: K) -> V | None:
        """The value, unless it is unknown or its time is over."""
        with self._lock:
            self._drop_expired(self._clock.now())
            entry = self._entries.get(name)
            if entry is None:
                return None
            self._entries.move_to_end(name)
            return entry[0]

    def put(self, name: K, value: V, not_after: datetime | None = None) -> None:
        """Keeps `value` for the cache's life, and never at or past `not_after`."""
        with self._lock:
            now = self._clock.now()
            self._drop_expired(now)
            end = now + self._life
            if not_after is not None:
                end = min(end, not_after)
            self._earliest = min(self._earliest, end) if self._entries else end
            self._entries[name] = (value, end)
            self._entries.move_to_end(name)
            if len(self._entries) > self._size:
                self._entries.popitem(last=False)

    def forget(self, name: K) -> None:
        """Drops the value now; nothing happens if there is none."""
        with self._lock:
            self._entries.pop(name, None)

    def __len__(self) -> int:
        return len(self._entries)

    def _drop_expired(self, now: datetime) -> None:
        if now < self._latest_use:
            self._entries.clear()
        elif now >= self._earliest:
            for name in [name for name, (_, end) in self._entries.items() if now >= end]:
                del self._entries[name]
            self._earliest = min((end for _, end in self._entries.values()), default=now)
        self._latest_use = now

"""The app's routes by path; a capability is imported when one of its paths is first asked for.

A cold start is the visitors' waiting time, and visitors' pages call few of our routes: what the
others need, their models above all, can wait for the first request (docs/adr/0010).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import RLock

from chalice.app import RouteEntry

from chalicelib.http.routes import Routes

type Methods = dict[str, RouteEntry]


class Capability:
    """Routes that `load` imports. Each of their paths is one of `paths` or below one."""

    def __init__(self, load: Callable[[], tuple[Routes, ...]], *paths: str) -> None:
        self.load = load
        self._paths = paths

    def holds(self, path: str) -> bool:
        """Whether a route with this path is to be found here."""
        return any(f"{path}/".startswith(f"{each}/") for each in self._paths)


class RouteTable(Mapping[str, Methods]):
    """What is in `served`, where `register` puts the routes of each of `capabilities`.

    Chalice asks for the path of a request. Whoever walks the table (packaging, tests) finds all.
    """

    def __init__(
        self,
        served: dict[str, Methods],
        capabilities: Iterable[Capability],
        register: Callable[[Routes], None],
    ) -> None:
        self._served = served
        self._waiting = list(capabilities)
        self._register = register
        self._turn = RLock()  # one that may be entered again: Chalice registers through this table

    def __getitem__(self, path: str) -> Methods:
        with self._turn:
            if path not in self._served:
                self._bring([each for each in self._waiting if each.holds(path)])
            return self._served[path]

    def __contains__(self, path: object) -> bool:
        return path in self._all()

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[str, Methods]:
        with self._turn:
            self._bring(self._waiting)
            return self._served

    def _bring(self, wanted: list[Capability]) -> None:
        # All are imported before any counts as brought: if one cannot be, the next request tries
        # again. None waits while it is registered, which asks for its paths here.
        loaded = [(each, each.load()) for each in wanted]
        self._waiting = [each for each in self._waiting if each not in wanted]
        for capability, group in loaded:
            for routes in group:
                _check(routes, capability)
                self._register(routes)


def _check(routes: Routes, capability: Capability) -> None:
    for each in routes.operations:
        if not capability.holds(each.path):
            raise ValueError(f"{each.path} is not where its capability says")

"""A capability is imported when one of its paths is asked for, and whoever walks finds all."""

from collections.abc import Callable
from threading import Event, Thread

import pytest
from chalice.app import Chalice

from chalicelib.http.route_table import Capability, RouteTable
from chalicelib.http.routes import JSON, Call, Operation, Reply, Routes

LIST, ONE, OTHER = "/v1/things", "/v1/things/{thing_id}", "/v1/others"


def routes_of(*declared: tuple[str, str]) -> Routes:
    routes = Routes("things")
    for method, path in declared:

        @routes.operation(Operation(method, path, "", JSON))
        def view(_call: Call[None], **_: str) -> Reply:
            raise AssertionError("only looked up")

    return routes


class Office:
    """An app whose capabilities note when they are loaded."""

    def __init__(self) -> None:
        self.loaded: list[str] = []
        self._capabilities: list[Capability] = []
        self._app = Chalice("office")

    def add(self, name: str, load: Callable[[], Routes], *paths: str) -> None:
        def noted() -> tuple[Routes, ...]:
            self.loaded.append(name)
            return (load(),)

        self._capabilities.append(Capability(noted, *paths))

    def open(self) -> RouteTable:
        table = RouteTable(self._app.routes, self._capabilities, self._app.register_blueprint)
        self._app.routes = table  # type: ignore[assignment]  # any mapping
        return table


@pytest.fixture
def office() -> Office:
    made = Office()
    made.add("reading", lambda: routes_of(("GET", LIST), ("GET", ONE)), LIST)
    made.add("writing", lambda: routes_of(("POST", OTHER), ("POST", LIST)), LIST, OTHER)
    made.add("else", lambda: routes_of(("GET", "/v1/thingsome")), "/v1/thingsome")
    return made


def test_nothing_is_loaded_before_a_path_is_asked_for(office: Office) -> None:
    office.open()
    assert office.loaded == []


def test_a_path_brings_every_capability_that_may_serve_it_and_no_other(office: Office) -> None:
    table = office.open()
    assert set(table[LIST]) == {"GET", "POST"}
    assert set(table[ONE]) == {"GET"}
    assert office.loaded == ["reading", "writing"]


def test_what_one_capability_brings_along_is_whole(office: Office) -> None:
    table = office.open()
    assert set(table[OTHER]) == {"POST"}
    assert set(table[LIST]) == {"GET", "POST"}


def test_a_capability_is_loaded_once(office: Office) -> None:
    table = office.open()
    for path in (LIST, ONE, LIST, OTHER, "/v1/things/none/such"):
        table[path]
    list(table)
    assert office.loaded == ["reading", "writing", "else"]


def test_whoever_walks_finds_all_in_order(office: Office) -> None:
    assert list(office.open()) == [LIST, ONE, OTHER, "/v1/thingsome"]


def test_it_knows_how_many_there_are(office: Office) -> None:
    assert len(office.open()) == 4


def test_it_knows_which_there_are(office: Office) -> None:
    table = office.open()
    assert OTHER in table
    assert "/v1" not in table


def test_a_path_that_nobody_serves_has_no_methods(office: Office) -> None:
    assert not office.open()["/v1/things/none/such"]


def test_a_route_is_where_its_capability_says() -> None:
    office = Office()
    office.add("astray", lambda: routes_of(("GET", "/v1/thingsome")), LIST)
    with pytest.raises(ValueError, match="/v1/thingsome"):
        list(office.open())


def test_what_could_not_be_imported_is_tried_again(office: Office) -> None:
    failures = [ImportError("out of memory")]

    def load() -> Routes:
        if failures:
            raise failures.pop()
        return routes_of(("DELETE", OTHER))

    office.add("late", load, OTHER)
    table = office.open()
    with pytest.raises(ImportError):
        table[OTHER]
    assert set(table[OTHER]) == {"POST", "DELETE"}


def test_who_asks_while_another_thread_imports_waits_for_it() -> None:
    importing, may_go_on = Event(), Event()

    def load() -> Routes:
        importing.set()
        assert may_go_on.wait(10)
        return routes_of(("GET", LIST))

    office = Office()
    office.add("slow", load, LIST)
    table = office.open()
    found: list[set[str]] = []
    threads = [Thread(target=lambda: found.append(set(table[LIST]))) for _ in range(2)]
    for each in threads:
        each.start()
    assert importing.wait(10)
    may_go_on.set()
    for each in threads:
        each.join(10)
    assert found == [{"GET"}, {"GET"}]
    assert office.loaded == ["slow"]

"""What the staff does with the data map, and what others read from it."""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass

from chalicelib.audit.entry import Actor, Entity, Fact
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.connectors.datamap.checks import Finding, check_map
from chalicelib.connectors.datamap.models import DataMap
from chalicelib.connectors.datamap.reading import read_map
from chalicelib.connectors.datamap.store import DataMapStore, Version
from chalicelib.connectors.datamap.text import InvalidDataMap
from chalicelib.errors import Conflict, FieldError, NotFound
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.tables.transactions import Action, RunCommand

DATA_MAP = Entity("data_map", "current")


class NoDataMap(NotFound):
    """No data map was published yet."""

    code = "no_data_map"


class DataMapMoved(Conflict):
    """Somebody published in between: the version to be replaced is not in force any more."""

    code = "data_map_moved"


@dataclass(frozen=True, slots=True)
class Published:
    """The version that is in force, and what its check warns of."""

    version: Version
    warnings: list[Finding]


class DataMaps:
    """Publishes data maps, version by version, each with its entry in the trail."""

    def __init__(
        self,
        store: DataMapStore,
        mandates: Callable[[], Collection[str]],
        categories: Callable[[], Collection[str]],
        trail: Trail,
        clock: Clock,
        idempotency: Idempotency,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._mandates = mandates
        self._categories = categories
        self._trail = trail
        self._clock = clock
        self._idempotency = idempotency
        self._run_command = run_command
        self._read: dict[int, DataMap] = {}

    def publish(
        self,
        actor: Actor,
        text: str,
        *,
        replaces: int | None = None,
        call: KeyedCall | None = None,
    ) -> Published:
        """Puts the map in the YAML `text` in force. One that is in force already stays.

        With `replaces` only in place of that version (0: none). Raises `InvalidDataMap`,
        `DataMapMoved`, `IdempotencyConflict`.
        """
        findings = self._checked(text)
        if errors := [each for each in findings if each.is_error]:
            raise InvalidDataMap(*(FieldError(each.where, each.code) for each in errors))
        if earlier := self._idempotency.earlier(call):
            return Published(self._existing(int(str(earlier["version"]))), findings)
        sha256 = hashlib.sha256(text.encode()).digest()
        before = self._store.current_number()
        if replaces not in {None, before}:
            raise DataMapMoved
        current = self._store.get(before)
        stays = current is not None and current.sha256 == sha256
        if current and stays and call is None:
            return Published(current, findings)
        now = from_millis(to_millis(self._clock.now()))
        version = current if current and stays else Version(before + 1, sha256, now, text)

        def build() -> list[Action]:
            if self._store.current_number() != before:
                raise DataMapMoved
            if stays:
                return []
            facts: dict[str, Fact] = {"version": version.number, "sha256": sha256.hex()}
            return [
                *self._store.publication(version),
                *self._trail.actions(DATA_MAP, actor, "data_map.published", facts),
            ]

        earlier = self._idempotency.run(call, {"version": version.number}, build)
        if earlier:
            version = self._existing(int(str(earlier["version"])))
        return Published(version, findings)

    def check(self, text: str) -> list[Finding]:
        """All that is wrong with the map in `text`, and what to think about. Changes nothing."""
        try:
            return self._checked(text)
        except InvalidDataMap as refusal:
            return [Finding(each.field, each.code) for each in refusal.fields]

    def current(self) -> Version:
        """The version in force. Raises `NoDataMap`."""
        return self._existing(self._store.current_number())

    def map_in_force(self) -> DataMap:
        """The map in force, empty before the first. One read, two when there is a new version."""
        number = self._store.current_number()
        if number == 0:
            return DataMap({})
        if number not in self._read:
            self._read = {number: read_map(self._existing(number).text)}
        return self._read[number]

    def _checked(self, text: str) -> list[Finding]:
        return check_map(read_map(text), self._mandates(), self._categories())

    def _existing(self, number: int) -> Version:
        version = self._store.get(number)
        if version is None:
            raise NoDataMap
        return version

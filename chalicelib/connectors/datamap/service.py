"""What the staff does with the data map, and what others read from it."""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass

from chalicelib.audit.entry import Actor, Entity, Fact
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.connectors.datamap.checks import Finding, check_map
from chalicelib.connectors.datamap.errors import (
    DataMapMoved,
    NoDataMap,
    SameProposer,
    UnknownVersion,
)
from chalicelib.connectors.datamap.models import DataMap, Version
from chalicelib.connectors.datamap.reading import read_map
from chalicelib.connectors.datamap.store import DataMapStore
from chalicelib.connectors.datamap.text import InvalidDataMap
from chalicelib.errors import FieldError
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.tables.transactions import Action, RunCommand

DATA_MAP = Entity("data_map", "current")


@dataclass(frozen=True, slots=True)
class Checked:
    """A version that is stored, and what its check warns of."""

    version: Version
    warnings: list[Finding]


class DataMaps:
    """Keeps data maps, version by version; each step leaves its entry in the trail.

    Where people's data is looked for, and who is asked about them, one member of the staff proposes
    and another approves. The operator, who deploys all of this, publishes alone.
    """

    def __init__(
        self,
        store: DataMapStore,
        mandates: Callable[[], Collection[str]],
        categories: Callable[[], Collection[str]],
        own_stores: Collection[str],
        trail: Trail,
        clock: Clock,
        idempotency: Idempotency,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._mandates = mandates
        self._categories = categories
        self._own_stores = own_stores
        self._trail = trail
        self._clock = clock
        self._idempotency = idempotency
        self._run_command = run_command
        self._read: dict[int, DataMap] = {}

    def publish(self, operator: Actor, text: str) -> Checked:
        """Puts the map in the YAML `text` in force. One that is in force already stays.

        Raises `InvalidDataMap`, `DataMapMoved`.
        """
        findings = self._acceptable(text)
        version = self._version_of(text, "")
        if not self._is_in_force(version):
            self._run_command(
                lambda: [
                    *self._addition(version, operator, "data_map.published"),
                    self._store.putting_in_force(version),
                ]
            )
        return Checked(version, findings)

    def propose(
        self,
        staff_id: str,
        text: str,
        *,
        replaces: int | None = None,
        call: KeyedCall | None = None,
    ) -> Checked:
        """Stores the map in the YAML `text` for somebody else to approve; the one in force stays.

        With `replaces` only if that version is in force (0: none). What is in force already is not
        stored again. Raises `InvalidDataMap`, `DataMapMoved`, `IdempotencyConflict`.
        """
        findings = self._acceptable(text)
        if earlier := self._idempotency.earlier(call):
            return Checked(self.version(int(str(earlier["version"]))), findings)
        if replaces not in {None, self._store.current_number()}:
            raise DataMapMoved
        version = self._version_of(text, staff_id)
        stays = self._is_in_force(version)
        if stays and call is None:
            return Checked(version, findings)

        def build() -> list[Action]:
            if stays:
                return []
            return self._addition(version, Actor("staff", staff_id), "data_map.proposed")

        earlier = self._idempotency.run(call, {"version": version.number}, build)
        if earlier:
            version = self.version(int(str(earlier["version"])))
        return Checked(version, findings)

    def approve(self, staff_id: str, number: int) -> Version:
        """Puts the version in force that somebody else proposed. One that is in force stays.

        Raises `UnknownVersion`, `SameProposer`, `InvalidDataMap` for one that today's policy does
        not take any more, `DataMapMoved` when another is in force than the one that it was to
        replace.
        """
        version = self.version(number)
        if version.proposed_by == staff_id:
            raise SameProposer
        if self._is_in_force(version):
            return version
        self._acceptable(version.text)

        def build() -> list[Action]:
            self._check_replaced(version)
            return [
                self._store.putting_in_force(version),
                *self._entry(version, Actor("staff", staff_id), "data_map.approved"),
            ]

        self._run_command(build)
        return version

    def check(self, text: str) -> list[Finding]:
        """All that is wrong with the map in `text`, and what to think about. Changes nothing."""
        try:
            return self._checked(text)
        except InvalidDataMap as refusal:
            return [Finding(each.field, each.code) for each in refusal.fields]

    def current(self) -> Version:
        """The version in force. Raises `NoDataMap`."""
        version = self._store.get(self._store.current_number())
        if version is None:
            raise NoDataMap
        return version

    def version(self, number: int) -> Version:
        """The version, in force or not. Raises `UnknownVersion`."""
        version = self._store.get(number)
        if version is None:
            raise UnknownVersion
        return version

    def map_in_force(self) -> DataMap:
        """The map in force, empty before the first. One read, two when there is a new version."""
        number = self._store.current_number()
        if number == 0:
            return DataMap({})
        if number not in self._read:
            self._read = {number: read_map(self.version(number).text)}
        return self._read[number]

    def _checked(self, text: str) -> list[Finding]:
        return check_map(read_map(text), self._mandates(), self._categories(), self._own_stores)

    def _acceptable(self, text: str) -> list[Finding]:
        """The warnings. Raises `InvalidDataMap` where there is more."""
        findings = self._checked(text)
        if errors := [each for each in findings if each.is_error]:
            raise InvalidDataMap(*(FieldError(each.where, each.code) for each in errors))
        return findings

    def _version_of(self, text: str, proposed_by: str) -> Version:
        """What `text` is stored as: the version in force where it says the same, or a new one."""
        sha256, replaces = hashlib.sha256(text.encode()).digest(), self._store.current_number()
        current = self._store.get(replaces)
        if current and current.sha256 == sha256:
            return current
        now = from_millis(to_millis(self._clock.now()))
        number = self._store.newest_number() + 1
        return Version(number, sha256, now, proposed_by, replaces, text)

    def _is_in_force(self, version: Version) -> bool:
        return self._store.current_number() == version.number

    def _check_replaced(self, version: Version) -> None:
        if self._store.current_number() != version.replaces:
            raise DataMapMoved

    def _addition(self, version: Version, actor: Actor, action: str) -> list[Action]:
        self._check_replaced(version)
        if self._store.newest_number() != version.number - 1:
            raise DataMapMoved
        return [self._store.addition(version), *self._entry(version, actor, action)]

    def _entry(self, version: Version, actor: Actor, action: str) -> list[Action]:
        facts: dict[str, Fact] = {"version": version.number, "sha256": version.sha256.hex()}
        return [*self._trail.actions(DATA_MAP, actor, action, facts)]

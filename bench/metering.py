"""Counting what leaves a client: calls, and the capacity that they must consume."""

from collections import Counter
from collections.abc import Callable, Mapping
from copy import copy
from typing import Any, Self

from bench.capacity import read_units, write_units
from tests.contract.moto_tables import SESSION

_TRANSACTION = 2
own_client = SESSION.client
"""Clients that nobody counts: the services have others."""


class Meter:
    """Counts what goes through clients: calls, items, units of capacity."""

    def __init__(self, *clients: Any) -> None:
        self.reset()
        self._look = own_client("dynamodb")
        for client in clients:
            events = client.meta.events
            events.register("before-call", self._count)
            events.register("provide-client-params.dynamodb", self._ask)
            events.register("after-call.dynamodb", self._answered)

    def reset(self) -> None:
        self.calls: Counter[str] = Counter()
        self.items = 0.0
        self.read = 0.0
        self.written = 0.0
        self.transactions: list[list[dict[str, Any]]] = []
        """The new items of each."""
        self._consistent = False
        self._asked = 0
        self._before: list[tuple[float, str, dict[str, Any], dict[str, Any]]] = []

    def take(self, act: Callable[[], object]) -> Self:
        """What `act` made."""
        self.reset()
        act()
        taken = copy(self)
        self.reset()
        return taken

    @property
    def total(self) -> float:
        """All calls."""
        return float(self.calls.total())

    @property
    def kms(self) -> float:
        """Those of KMS."""
        return float(self.calls["Decrypt"] + self.calls["GenerateDataKey"])

    def _count(self, model: Any, **_: Any) -> None:
        self.calls[model.name] += 1

    def _ask(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        batch: Mapping[str, Any] = params.get("RequestItems", {})
        self._consistent = any(
            each.get("ConsistentRead", False) for each in (params, *batch.values())
        )
        self._asked = sum(len(each["Keys"]) for each in batch.values())
        if model.name == "TransactWriteItems":
            parts = [next(iter(each.values())) for each in params["TransactItems"]]
            self.transactions.append([each["Item"] for each in parts if "Item" in each])
            self._before = [self._standing(each, _TRANSACTION) for each in parts]
        elif model.name in {"PutItem", "UpdateItem", "DeleteItem"}:
            self._before = [self._standing(params, 1)]

    def _answered(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        assert "Error" not in parsed, parsed  # moto could not undo a refused transaction here
        match model.name:
            case "GetItem":
                self._add([parsed["Item"]] if "Item" in parsed else [])
            case "Query":
                assert parsed["ScannedCount"] == len(parsed["Items"])
                self._add(parsed["Items"])
            case "BatchGetItem":
                found = [item for each in parsed["Responses"].values() for item in each]
                for item in found:
                    self._add([item])
                # Of what is not there half a unit, or a whole one, is paid for as well.
                self.read += (self._asked - len(found)) * self._units([])
        for factor, table, key, before in self._before:
            after = self._item(table, key)
            self.written += factor * max(write_units(before), write_units(after))
            self.written += _index_units(before, after)
        self._before = []

    def _add(self, items: list[dict[str, Any]]) -> None:
        self.items += len(items)
        self.read += self._units(items)

    def _units(self, items: list[dict[str, Any]]) -> float:
        return read_units(items, consistent=self._consistent)

    def _standing(
        self, write: Mapping[str, Any], factor: float
    ) -> tuple[float, str, dict[str, Any], dict[str, Any]]:
        key = write.get("Key") or key_of_json(write["Item"])
        return factor, write["TableName"], key, self._item(write["TableName"], key)

    def _item(self, table: str, key: dict[str, Any]) -> dict[str, Any]:
        return dict(self._look.get_item(TableName=table, Key=key).get("Item", {}))


def key_of_json(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("pk", "sk")}


def _index_units(before: Mapping[str, Any], after: Mapping[str, Any]) -> float:
    """The indexes hold keys only: they are written where their own keys come, go or change."""
    return sum(_moved(before, after, keys) for keys in (("due_pk", "due_sk"), ("client_pk",)))


def _moved(before: Mapping[str, Any], after: Mapping[str, Any], keys: tuple[str, ...]) -> float:
    old, new = ([item.get(key) for key in keys] for item in (before, after))
    return 0.0 if old == new else float((old[0] is not None) + (new[0] is not None))

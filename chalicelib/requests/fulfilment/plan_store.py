"""Plans and tasks in the `records` table, beside their request.

    pk REQUEST#<request id>  sk PLAN            deed, stage, round; told, once it is true
    pk REQUEST#<request id>  sk TASK#<place>    deed, prepared, outcome, begun, failure, asked,
                                                resolved_by
                                                sealed: the seeds, under the request's own key

Outcomes are counts, ids of rules, citations and dates: nothing of the person.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, cast

from chalicelib.connectors.places import Deed, Kept, Outcome, Seeds
from chalicelib.requests.fulfilment.models import Plan, Progress, Stage, Task
from chalicelib.tables.codec import Item, Value
from chalicelib.tables.conditions import Condition, revision_is
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put
from chalicelib.vault.errors import KeyDestroyed
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

REQUEST_PLAN = Schema("request_plan")
REQUEST_TASK = Schema("request_task")
_TASK = "TASK#"


class PlanStore:
    """Reads and writes plans and tasks."""

    def __init__(self, records: Table, vault: Vault) -> None:
        self._records = records
        self._vault = vault

    def get(self, request_id: str) -> Progress | None:
        """The plan with all its tasks, read consistently; None while there is none."""
        partition = compose("REQUEST", request_id)
        found = list(self._records.query_all(partition, sk_from="PLAN", consistent=True))
        plan = next((item for item in found if item["sk"] == "PLAN"), None)
        if plan is None:
            return None
        # A place may have left the map between two rounds: its task is the earlier round's.
        tasks = [
            item
            for item in found
            if str(item["sk"]).startswith(_TASK) and item.get("round", 1) == plan["round"]
        ]
        return Progress(
            _plan_from(request_id, plan), [self._task_from(request_id, item) for item in tasks]
        )

    def new_plan(self, plan: Plan) -> Action:
        """The write of the plan of a round. Of two planners at once one wins, the other begins
        anew and finds it."""
        earlier = Condition(
            "attribute_not_exists(pk) OR #round < :round",
            {"#round": "round"},
            {":round": plan.round},
        )
        return Put(self._records, _plan_item(plan), earlier, otherwise=Moved)

    def change_plan(self, plan: Plan) -> Action:
        """The write of `plan` at its next revision; `Moved` when another task was faster."""
        item = {**_plan_item(plan), "rev": plan.revision + 1}
        return Put(self._records, item, revision_is(plan.revision), otherwise=Moved)

    def end_actions(self, request_id: str) -> list[Action]:
        """The write that ends the plan where it is, so that no worker goes on; none without one."""
        item = self._records.get(Key(compose("REQUEST", request_id), "PLAN"), consistent=True)
        if item is None:
            return []
        plan = _plan_from(request_id, item)
        if plan.stage is Stage.ENDED:
            return []
        return [self.change_plan(replace(plan, stage=Stage.ENDED))]

    def new_task(self, task: Task) -> Action:
        """The write of a task, over that of an earlier round: the plan beside it is the lock."""
        return Put(self._records, self._task_item(task))

    def change_task(self, task: Task) -> Action:
        """The write of `task` at its next revision; `Moved` when somebody else changed it."""
        item = {**self._task_item(task), "rev": task.revision + 1}
        return Put(self._records, item, revision_is(task.revision), otherwise=Moved)

    def _task_item(self, task: Task) -> Item:
        item: Item = {
            "pk": compose("REQUEST", task.request_id),
            "sk": f"{_TASK}{task.place}",
            "rev": task.revision,
            "deed": task.deed.value,
            "round": task.round,
        }
        for name in ("prepared", "outcome"):
            outcome: Outcome | None = getattr(task, name)
            if outcome is not None:
                item[name] = _outcome_values(outcome)
        for name in ("failure", "resolved_by"):
            if (value := getattr(task, name)) is not None:
                item[name] = value
        if task.asked:
            item["asked"] = True
        if task.begun:
            item["begun"] = task.begun
        item = REQUEST_TASK.stamp(item)
        if task.seeds:
            item["sealed"] = self._vault.seal(
                Scope.request(task.request_id),
                SealContext.of(self._records.logical, item),
                json.dumps(dict(task.seeds.values), separators=(",", ":")).encode(),
            )
        return item

    def _task_from(self, request_id: str, item: Item) -> Task:
        item = REQUEST_TASK.lift(item)
        return Task(
            request_id=request_id,
            place=str(item["sk"]).removeprefix(_TASK),
            deed=Deed(str(item["deed"])),
            seeds=self._seeds(request_id, item),
            prepared=_outcome_from(item.get("prepared")),
            outcome=_outcome_from(item.get("outcome")),
            failure=cast("str | None", item.get("failure")),
            asked=bool(item.get("asked", False)),
            begun=cast("int", item.get("begun", 0)),
            resolved_by=cast("str | None", item.get("resolved_by")),
            round=cast("int", item.get("round", 1)),
            revision=cast("int", item["rev"]),
        )

    def _seeds(self, request_id: str, item: Item) -> Seeds:
        match item.get("sealed"):
            case bytes(sealed):
                pass
            case _:
                return Seeds()
        context = SealContext.of(self._records.logical, item)
        try:
            opened = self._vault.open(Scope.request(request_id), context, sealed)
        except KeyDestroyed:  # the person was erased: the verdicts stay
            return Seeds()
        return Seeds({name: tuple(values) for name, values in json.loads(opened).items()})


def _plan_item(plan: Plan) -> Item:
    item: Item = {
        "pk": compose("REQUEST", plan.request_id),
        "sk": "PLAN",
        "rev": plan.revision,
        "deed": plan.deed.value,
        "stage": plan.stage.value,
        "round": plan.round,
    }
    if plan.told:
        item["told"] = True
    return REQUEST_PLAN.stamp(item)


def _plan_from(request_id: str, item: Item) -> Plan:
    item = REQUEST_PLAN.lift(item)
    return Plan(
        request_id,
        Deed(str(item["deed"])),
        Stage(str(item["stage"])),
        cast("int", item["round"]),
        cast("int", item["rev"]),
        told=bool(item.get("told", False)),
    )


def _outcome_values(outcome: Outcome) -> dict[str, Value]:
    return {
        "found": outcome.found,
        "changed": outcome.changed,
        "kept": [
            {
                "collection": kept.collection,
                "rule": kept.rule,
                "citation": kept.citation,
                "rows": kept.rows,
                **({"until": kept.until.isoformat()} if kept.until else {}),
            }
            for kept in outcome.kept
        ],
    }


def _outcome_from(value: Value | None) -> Outcome | None:
    if value is None:
        return None
    values = cast("Mapping[str, Any]", value)
    kept = (
        Kept(
            each["collection"],
            each["rule"],
            each["citation"],
            each["rows"],
            date.fromisoformat(each["until"]) if "until" in each else None,
        )
        for each in values["kept"]
    )
    return Outcome(values["found"], values["changed"], tuple(kept))

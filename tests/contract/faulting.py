"""Bad days: at any call to AWS a worker may die, be refused for now, or never hear how it ended;
and others act between two calls of it."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.exceptions import ClientError

from chalicelib.services import Services
from tests.contract.killing import Killed

_REFUSALS = ("ProvisionedThroughputExceededException", "ThrottlingException")


class Fault(StrEnum):
    """What befalls a call."""

    DIES_BEFORE = "dies before"
    DIES_AFTER = "dies after"
    REFUSED = "refused"
    """Throttled, botocore's own tries included: nothing has happened."""
    UNHEARD = "unheard"
    """It took effect, and its answer is AWS's own failure."""


@dataclass
class Faults:
    """While `armed` each call of DynamoDB meets a fault at the given `rate`.

    `others` are done one by one, at the rate `busy`, between what a command read and its write, by
    somebody whom nothing befalls.
    """

    chance: random.Random
    rate: float
    busy: float
    armed: bool = False
    others: list[Callable[[], object]] = field(default_factory=list)
    met: Counter[Fault] = field(default_factory=Counter)
    _coming: Fault | None = None

    def watch(self, services: Services) -> None:
        events = services.dynamodb.meta.events
        events.register("before-call.dynamodb", self._before_call)
        events.register_last("after-call.dynamodb", self._after_call)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Faults come within; whoever dies of one is dead at the end."""
        self.armed = True
        try:
            yield
        except (Exception, Killed):  # noqa: BLE001  # the queue, or the next hour, comes again
            return
        finally:
            self.armed = False

    def _before_call(self, model: Any, params: Any, **_rest: Any) -> Any:
        if not self.armed:
            return None
        is_command = model.name in {"TransactWriteItems", "DeleteItem"}
        if is_command and self.others and self.chance.random() < self.busy:
            self.armed = False
            self.others.pop()()
            self.armed = True
        if self.chance.random() >= self.rate:
            return None
        fault = self.chance.choice(list(Fault))
        self.met[fault] += 1
        if fault is Fault.DIES_BEFORE:
            raise Killed
        if fault is Fault.REFUSED:
            return _refused(model.name, json.loads(params["body"]), self.chance)
        self._coming = fault
        return None

    def _after_call(self, model: Any, **_rest: Any) -> None:
        if not self.armed or self._coming is None:
            return
        fault, self._coming = self._coming, None
        if fault is Fault.DIES_AFTER:
            raise Killed
        raise ClientError({"Error": {"Code": "InternalServerError", "Message": ""}}, model.name)


def _refused(operation: str, body: dict[str, Any], chance: random.Random) -> Any:
    """The answer of a table that throttles, as botocore hands it on."""
    parsed: dict[str, Any] = {"Error": {"Code": chance.choice(_REFUSALS), "Message": ""}}
    if operation == "BatchGetItem":
        return _response(200), {"Responses": {}, "UnprocessedKeys": body["RequestItems"]}
    if operation == "TransactWriteItems" and chance.random() < 0.7:
        reasons = [{"Code": "None"} for _ in body["TransactItems"]]
        chance.choice(reasons)["Code"] = chance.choice(("ThrottlingError", "TransactionConflict"))
        parsed["Error"]["Code"] = "TransactionCanceledException"
        parsed["CancellationReasons"] = reasons
    return _response(400), parsed


def _response(status: int) -> Any:
    return AWSResponse("", status, HTTPHeaders(), None)

"""Workers that die: a call to AWS that never returns, or whose answer nobody hears. And others who
act in the moment between what one of them read and what it writes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chalicelib.services import Services

_WRITES = ("PutItem", "UpdateItem", "TransactWriteItems", "DeleteItem", "PutObject", "UploadPart")


class Killed(BaseException):
    """The process ended. No `except Exception` of ours may outlive it."""


@dataclass
class Killer:
    """Kills at the writes that `decides` names by their number, from 0: before or after them."""

    decides: Callable[[int], str | None]
    seen: int = 0
    armed: bool = False
    kills: list[int] = field(default_factory=list)
    _after: bool = False

    def watch(self, services: Services) -> None:
        for client in (services.dynamodb, services.s3):
            client.meta.events.register("before-call", self._before_call)
            client.meta.events.register("after-call", self._after_call)

    def _before_call(self, model: Any, **_rest: Any) -> None:
        if not self.armed or model.name not in _WRITES:
            return
        number, self.seen = self.seen, self.seen + 1
        when = self.decides(number)
        self._after = when == "after"
        if when is not None:
            self.kills.append(number)
        if when == "before":
            raise Killed

    def _after_call(self, model: Any, **_rest: Any) -> None:
        if self._after and model.name in _WRITES:
            self._after = False
            raise Killed


def meanwhile(services: Services, act: Callable[[], object]) -> None:
    """Somebody else does `act` after the next command's reads and before its write."""
    others = [act]

    def before_call(**_rest: Any) -> None:
        if others:
            others.pop()()

    events = services.dynamodb.meta.events
    events.register("before-call.dynamodb.TransactWriteItems", before_call)

"""Who processes on people's consents, as the staff registers it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from chalicelib.audit.entry import Actor, Entity, Fact
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.consents.stopping.models import Processor
from chalicelib.consents.stopping.processor_store import ProcessorStore
from chalicelib.consents.stopping.settling import Settling
from chalicelib.errors import Conflict, FieldError, InvalidInput, NotFound
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.ids import Ids
from chalicelib.notices.messages import check_values
from chalicelib.tables.transactions import Action

MOST = 40
"""Processors, counted once for each of their purposes: whoever withdraws everything tells all of
them in one transaction of at most 100 items."""

type Purposes = Callable[[], Collection[str]]
"""The ids of the purposes that people consent to."""

type IsEndpoint = Callable[[str], bool]
"""Whether a webhook endpoint of that id is registered."""


class UnknownProcessor(NotFound):
    """No processor of that id is registered."""

    code = "unknown_processor"


class TooManyProcessors(Conflict):
    """As many processors are registered as there may be."""

    code = "too_many_processors"


class Processors:
    """Registers processors and changes them, each change with its entry in the trail."""

    def __init__(
        self,
        store: ProcessorStore,
        settling: Settling,
        purposes: Purposes,
        is_endpoint: IsEndpoint,
        trail: Trail,
        clock: Clock,
        ids: Ids,
        idempotency: Idempotency,
    ) -> None:
        self._store = store
        self._settling = settling
        self._purposes = purposes
        self._is_endpoint = is_endpoint
        self._trail = trail
        self._clock = clock
        self._ids = ids
        self._idempotency = idempotency

    def register(
        self,
        actor: Actor,
        name: str,
        purposes: Sequence[str],
        endpoint_id: str,
        call: KeyedCall | None = None,
    ) -> str:
        """The id of a new processor; one for each `call`.

        Raises `InvalidInput` for a purpose that nobody consents to or an endpoint that is not
        there, `UnfitForMail` for a name of more than one line, `TooManyProcessors`,
        `IdempotencyConflict`.
        """
        if earlier := self._idempotency.earlier(call):
            return str(earlier["processor"])
        self._check(name, purposes)
        if not self._is_endpoint(endpoint_id):
            raise InvalidInput(FieldError("endpoint_id", "unknown_webhook"))
        # Two at once may pass the count together: the transaction has room for that.
        self._check_room(purposes, self._store.all())
        at = from_millis(to_millis(self._clock.now()))
        new = Processor(self._ids.new(), name, endpoint_id, tuple(sorted(set(purposes))), at)
        facts: dict[str, Fact] = {"endpoint": endpoint_id, "purposes": ",".join(new.purposes)}
        earlier = self._idempotency.run(
            call,
            {"processor": new.processor_id},
            lambda: [
                self._store.addition(new),
                *self._entry(new.processor_id, actor, "processor.registered", facts),
            ],
        )
        return str(earlier["processor"]) if earlier else new.processor_id

    def all(self) -> list[Processor]:
        """Every processor, the oldest first."""
        return self._store.all()

    def get(self, processor_id: str) -> Processor:
        """One processor. Raises `UnknownProcessor`."""
        processor = self._store.get(processor_id)
        if processor is None:
            raise UnknownProcessor
        return processor

    def change(
        self,
        actor: Actor,
        processor_id: str,
        name: str,
        purposes: Sequence[str],
        call: KeyedCall | None = None,
    ) -> None:
        """Gives the processor another name or other purposes; orders to stop keep the old ones.

        Raises `UnknownProcessor`, and otherwise as `register`.
        """
        if self._idempotency.earlier(call):
            return
        self._check(name, purposes)
        others = [each for each in self._store.all() if each.processor_id != processor_id]
        self._check_room(purposes, others)

        def build() -> list[Action]:
            before = self.get(processor_id)
            changed = replace(before, name=name, purposes=tuple(sorted(set(purposes))))
            facts: dict[str, Fact] = {"purposes": ",".join(changed.purposes)}
            return [
                self._store.change(changed),
                *self._entry(processor_id, actor, "processor.changed", facts),
            ]

        self._idempotency.run(call, {"processor": processor_id}, build)

    def remove(self, actor: Actor, processor_id: str) -> None:
        """Forgets the processor. Orders that wait for it wait no more, and say why in the trail.

        Raises `UnknownProcessor`.
        """
        self._idempotency.run(
            None,
            {},
            lambda: [
                self._store.removal(self.get(processor_id)),
                *self._entry(processor_id, actor, "processor.removed", {}),
            ],
        )
        self._settling.drop(processor_id, actor)

    def _check(self, name: str, purposes: Sequence[str]) -> None:
        check_values({"name": name})  # alerts say it by mail
        known = self._purposes()
        unknown = [
            FieldError(f"purposes.{number}", "unknown_purpose")
            for number, each in enumerate(purposes)
            if each not in known
        ]
        if unknown:
            raise InvalidInput(*unknown)

    def _check_room(self, purposes: Sequence[str], others: Sequence[Processor]) -> None:
        if len(set(purposes)) + sum(len(each.purposes) for each in others) > MOST:
            raise TooManyProcessors

    def _entry(
        self, processor_id: str, actor: Actor, action: str, facts: dict[str, Fact]
    ) -> list[Action]:
        return self._trail.actions(Entity("processor", processor_id), actor, action, facts)

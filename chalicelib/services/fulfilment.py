"""The services that handle and carry out requests."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.services.consent_imports import ConsentImportServices
from chalicelib.services.copies import CopyServices
from chalicelib.services.evidence import EvidenceServices
from chalicelib.services.remote import RemoteServices
from chalicelib.services.sweeping import SweepServices
from chalicelib.telemetry import report_counts

if TYPE_CHECKING:
    from chalicelib.notices.consumer import Consumer
    from chalicelib.requests.fulfilment.advancing import Advancing
    from chalicelib.requests.fulfilment.certificates import Certificates
    from chalicelib.requests.fulfilment.concluding import Concluding
    from chalicelib.requests.fulfilment.copying import Copying
    from chalicelib.requests.fulfilment.deciding import Deciding
    from chalicelib.requests.fulfilment.messages import Messages
    from chalicelib.requests.fulfilment.own_records import OwnRecords
    from chalicelib.requests.fulfilment.plan_store import PlanStore
    from chalicelib.requests.fulfilment.remains import Remains
    from chalicelib.requests.fulfilment.restraint import Restraint
    from chalicelib.requests.fulfilment.tasks import Asking, Tasks
    from chalicelib.requests.fulfilment.wiping import Wiping
    from chalicelib.requests.fulfilment.worker import Worker
    from chalicelib.requests.handling import Handling
    from chalicelib.retention.own.backfill import Backfill
    from chalicelib.retention.own.ending import Endings
    from chalicelib.retention.records.models import HeldRecord, Place
    from chalicelib.retention.replay.service import Replay
    from chalicelib.retention.schedule.models import Means
    from chalicelib.retention.targets import Target
    from chalicelib.tables.transactions import Check


class FulfilmentServices(
    EvidenceServices, ConsentImportServices, CopyServices, RemoteServices, SweepServices
):
    """Decisions of the staff, plans, tasks, and the worker that does them."""

    @cached_property
    def handling(self) -> "Handling":
        from chalicelib.requests.handling import Handling

        return Handling(
            self.request_book, self.outbox, self.clock, self.idempotency, self.run_command
        )

    @cached_property
    def deciding(self) -> "Deciding":
        from chalicelib.requests.fulfilment.deciding import Deciding

        return Deciding(self.request_book, self._plans, self._advancing, self.idempotency)

    @cached_property
    def fulfilment_tasks(self) -> "Tasks":
        from chalicelib.requests.fulfilment.tasks import Sources, Tasks

        return Tasks(
            self.request_book,
            self._plans,
            Sources(self._own_records, self.places),
            self.copy_parts,
            self.asking,
            self._restraint,
            self._advancing,
            self.run_command,
        )

    @cached_property
    def asking(self) -> "Asking":
        from chalicelib.requests.fulfilment.asking import RemoteAsking

        return RemoteAsking(
            self.places, self.remote_deeds, self._request_messages, self.clock, self.ids
        )

    @cached_property
    def work_consumer(self) -> "Consumer":
        from chalicelib.notices.consumer import Consumer

        return Consumer(self.sqs, self.settings.work_queue_url, self.worker.deliver)

    @cached_property
    def worker(self) -> "Worker":
        from chalicelib.consents.imports.service import IMPORT_WORK
        from chalicelib.incidents.affected.asking import COMPUTE_WORK
        from chalicelib.requests.fulfilment.asking import AnswersOfPlaces
        from chalicelib.requests.fulfilment.locating import Locating
        from chalicelib.requests.fulfilment.planning import Planning
        from chalicelib.requests.fulfilment.work import give_up_of, work_of
        from chalicelib.requests.fulfilment.worker import Worker

        book, plans, places = self.request_book, self._plans, self.places
        planning = Planning(book, plans, places, self._own_records, self.outbox, self.run_command)
        locating = Locating(book, plans, places, self.outbox, self.run_command)
        tasks = self.fulfilment_tasks
        answers = AnswersOfPlaces(self.remote_tasks, tasks)
        return Worker(
            self.outbox_store,
            {
                **work_of(planning, locating, tasks, self._concluding, self.wiping, answers),
                IMPORT_WORK: lambda import_id, _: self.applying.carry_on(import_id),
                COMPUTE_WORK: self.computing_affected.carry_on,
                **self.retention_work,
                **self.incident_work,
            },
            {
                **give_up_of(locating, tasks),
                COMPUTE_WORK: self.computing_affected.give_up,
            },
            self.clock,
            lambda: report_counts("fulfil_requests", self.settings.stage, {"dead": 1}),
        )

    @cached_property
    def wiping(self) -> "Wiping":
        from chalicelib.requests.fulfilment.wiping import Wiping

        return self._over_remains(Wiping)

    def _over_remains[T: "Remains"](self, kind: type[T]) -> T:
        return kind(
            self.request_book,
            self._request_store,
            self._plans,
            self._copying,
            self._request_messages,
            self.subjects,
            self.obeying,
            self.run_command,
        )

    @cached_property
    def replay(self) -> "Replay":
        """For an operator with rights that no function has."""
        from chalicelib.audit.mending import Mending
        from chalicelib.requests.fulfilment.wiping_again import WipingAgain
        from chalicelib.retention.replay.records import RecordsAgain
        from chalicelib.retention.replay.service import Replay

        return Replay(
            Mending(self.records, self.audit, self.trail, self.clock, self.run_command),
            self.keyring,
            self._over_remains(WipingAgain),
            RecordsAgain(
                self._held_records,
                lambda at, means, rule: self._dispose(at, means, rule, ()),
                self.trail,
                self.run_command,
            ),
            self.trail,
            self.run_command,
        )

    @cached_property
    def own_endings(self) -> "Endings":
        from chalicelib.retention.own.ending import Endings

        return Endings(
            self.vault,
            self.wiping.end,
            self.copies.end,
            self.sessions.remove,
            self.consent_forgetting.end,
            self.incident_ending.end,
            self.run_command,
        )

    @cached_property
    def own_backfill(self) -> "Backfill":
        """For an operator, as `replay`."""
        from chalicelib.retention.own.backfill import Backfill

        return Backfill(
            self._people,
            self._request_store.of_subject,
            self.request_book.find,
            self.requests,
            lambda subject_id: self._standings.get(subject_id, consistent=True),
            lambda: self._incident_store.ended(self.clock.now().year),
            self.keeping,
            self.run_command,
        )

    def _targets_of(self, record: "HeldRecord") -> "Sequence[Target]":
        from chalicelib.retention.own.place import OF_REQUESTS, OWN_PLACE, OwnCollection
        from chalicelib.retention.targets import Target, TargetKind

        targets = record.facts.targets()
        if record.at.place != OWN_PLACE:
            return targets
        if record.at.collection in OF_REQUESTS:
            request_id, _, _ = self._held_records.reference(record).partition("/")
            request = self.request_book.find(request_id)
            return [*targets, *self._restraint.targets(request)] if request else targets
        if record.at.collection == OwnCollection.CONSENTS:
            subject_id, _, _ = self._held_records.reference(record).partition("/")
            names = self.subjects.names(subject_id)
            return [*targets, *(Target(TargetKind.PERSON, each) for each in names)]
        return targets

    def _dispose(self, at: "Place", means: "Means", rule: str, guard: "Sequence[Check]") -> None:
        from chalicelib.retention.own.place import OWN_PLACE

        if at.place == OWN_PLACE:
            self.own_endings.end(at, rule, guard)
        else:
            super()._dispose(at, means, rule, guard)

    @cached_property
    def certificates(self) -> "Certificates":
        from chalicelib.requests.fulfilment.certificates import Certificates

        return Certificates(self.records, self.signer)

    @cached_property
    def _concluding(self) -> "Concluding":
        from chalicelib.requests.fulfilment.concluding import Concluding
        from chalicelib.requests.fulfilment.effects import Effects
        from chalicelib.requests.fulfilment.recipients import Recipients

        effects = Effects(
            self._request_store,
            self._copying,
            self.certificates,
            self.subjects,
            self.obeying,
            self.outbox,
            self.clock,
        )
        return Concluding(
            self.request_book,
            self._plans,
            effects,
            self._restraint,
            Recipients(self.webhook_events, self._request_messages),
            self.outbox,
            self.clock,
            self.run_command,
        )

    @cached_property
    def _copying(self) -> "Copying":
        from chalicelib.requests.fulfilment.copying import Copying

        return Copying(
            self.copy_parts,
            self.copy_builder,
            self.copies,
            self.places,
            self._own_records,
            self.trail,
        )

    @cached_property
    def _plans(self) -> "PlanStore":
        from chalicelib.requests.fulfilment.plan_store import PlanStore

        return PlanStore(self.records, self.vault)

    @cached_property
    def _request_messages(self) -> "Messages":
        from chalicelib.requests.fulfilment.messages import Messages

        return Messages(self.records, self.outbox_store, self.clock)

    @cached_property
    def _advancing(self) -> "Advancing":
        from chalicelib.requests.fulfilment.advancing import Advancing

        return Advancing(self.request_book, self._plans, self.outbox, self.webhook_events)

    @cached_property
    def _restraint(self) -> "Restraint":
        from chalicelib.requests.fulfilment.restraint import Restraint

        return Restraint(self.holds, self.subjects, self.clock)

    @cached_property
    def _own_records(self) -> "OwnRecords":
        from chalicelib.requests.fulfilment.own_records import OwnRecords

        return OwnRecords(
            self.subjects, self.obeying, self._request_store, self.request_book.readable
        )

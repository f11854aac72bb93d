"""The services of what stands under retention: records, and the sweep that ends them."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, cast

from chalicelib.services.archiving import ArchiveServices

if TYPE_CHECKING:
    from chalicelib.notices.models import Language
    from chalicelib.retention.engagements.service import Engagements
    from chalicelib.retention.engagements.store import EngagementStore
    from chalicelib.retention.engagements.working import EngagementWork
    from chalicelib.retention.enumerating.service import Enumerations
    from chalicelib.retention.enumerating.store import EnumerationStore
    from chalicelib.retention.enumerating.working import EnumerationWork
    from chalicelib.retention.records.models import HeldRecord, Place
    from chalicelib.retention.records.rescheduling import Rescheduling
    from chalicelib.retention.records.service import Records
    from chalicelib.retention.schedule.models import Means
    from chalicelib.retention.schedule.previewing import Previewing
    from chalicelib.retention.schedule.tally import Stock
    from chalicelib.retention.sweeping.batches import Batches
    from chalicelib.retention.sweeping.disposal import Disposal
    from chalicelib.retention.sweeping.rehearsing import Rehearsing
    from chalicelib.retention.sweeping.releasing import Releasing
    from chalicelib.retention.sweeping.store import SweepStore
    from chalicelib.retention.sweeping.sweep import Sweep
    from chalicelib.retention.targets import Target
    from chalicelib.rounds import Rounds
    from chalicelib.tables.transactions import Action, Check


class SweepServices(ArchiveServices):
    """Records under retention, and their end."""

    @cached_property
    def held_records(self) -> "Records":
        from chalicelib.retention.records.service import Records

        return Records(
            self._held_records,
            self.schedules,
            self._is_addressable,
            self.holds,
            self.trail,
            self.clock,
            self.ids,
            self.run_command,
        )

    @cached_property
    def previewing(self) -> "Previewing":
        from chalicelib.retention.schedule.previewing import Previewing

        return Previewing(
            self._schedule_previews,
            self.schedules,
            self.stock,
            self.outbox,
            self.clock,
            self.run_command,
        )

    @cached_property
    def stock(self) -> "Stock":
        """What stands under the schedule."""
        from chalicelib.retention.records.stock import HeldStock

        return HeldStock(self._held_records, self.holds)

    @cached_property
    def sweep(self) -> "Sweep":
        from chalicelib.retention.sweeping.sweep import Sweep

        return Sweep(
            self.sweep_runs,
            self._held_records,
            self.outbox,
            self.trail,
            self._tell_tripped,
            self.clock,
            self.ids,
            self.run_command,
        )

    @cached_property
    def retention_rounds(self) -> "Rounds":
        from chalicelib.rounds import Rounds

        return Rounds(
            {
                "sweep": self.sweep.run,
                "engagements": self.engagements.hand_out,
                "enumerations": self.enumerations.hand_out,
            }
        )

    @cached_property
    def enumerations(self) -> "Enumerations":
        from chalicelib.retention.enumerating.service import Enumerations

        return Enumerations(
            self._enumerations,
            self._is_enumerable,
            self.outbox,
            self.trail,
            self.clock,
            self.run_command,
        )

    @cached_property
    def _enumeration_work(self) -> "EnumerationWork":
        from chalicelib.retention.enumerating.working import EnumerationWork

        return EnumerationWork(
            self._enumerations,
            self.places,
            self.held_records,
            self.token_of_user,
            self.outbox,
            self.trail,
            self.clock,
            self.run_command,
        )

    @cached_property
    def _enumerations(self) -> "EnumerationStore":
        from chalicelib.retention.enumerating.store import EnumerationStore

        return EnumerationStore(self.records, self.vault)

    @cached_property
    def engagements(self) -> "Engagements":
        from chalicelib.retention.engagements.service import Engagements

        return Engagements(
            self._ended_engagements, self.outbox, self.trail, self.clock, self.run_command
        )

    @cached_property
    def engagement_work(self) -> "EngagementWork":
        from chalicelib.retention.engagements.working import EngagementWork

        return EngagementWork(
            self._ended_engagements,
            self._held_records,
            self.schedules,
            self.signer,
            self.outbox,
            self.trail,
            self.clock,
            self.run_command,
        )

    @cached_property
    def _ended_engagements(self) -> "EngagementStore":
        from chalicelib.retention.engagements.store import EngagementStore

        return EngagementStore(self.records)

    @cached_property
    def rescheduling(self) -> "Rescheduling":
        from chalicelib.retention.records.rescheduling import Rescheduling

        return Rescheduling(
            self._held_records,
            self.schedules.in_force,
            self.outbox,
            self.clock,
            self.run_command,
        )

    @cached_property
    def sweep_batches(self) -> "Batches":
        from chalicelib.retention.sweeping.batches import Batches

        return Batches(
            self._disposal,
            self.sweep,
            self.sweep_runs,
            self.outbox,
            self.clock,
            self.run_command,
        )

    @cached_property
    def rehearsing(self) -> "Rehearsing":
        from chalicelib.retention.sweeping.rehearsing import Rehearsing

        return Rehearsing(
            self._held_records, self.sweep_runs, self.schedules.in_force, self.holds, self.clock
        )

    @cached_property
    def releasing(self) -> "Releasing":
        from chalicelib.retention.sweeping.releasing import Releasing

        return Releasing(self._held_records, self.run_command)

    @cached_property
    def sweep_runs(self) -> "SweepStore":
        from chalicelib.retention.sweeping.store import SweepStore

        return SweepStore(self.records)

    @cached_property
    def retention_work(self) -> "Mapping[str, Callable[[str, str], None]]":
        """Who does which kind of the outbox's work: what it is about, in two parts."""
        from chalicelib.retention.work import work_of

        return work_of(
            self.previewing,
            self.rescheduling,
            self.sweep_batches,
            self.releasing,
            self.engagement_work,
            self.archived_copies,
            self._enumeration_work,
        )

    @cached_property
    def _disposal(self) -> "Disposal":
        from chalicelib.retention.sweeping.disposal import Disposal
        from chalicelib.retention.sweeping.evidence import Evidence

        return Disposal(
            self._held_records,
            self.schedules,
            self.holds,
            self._targets_of,
            self._dispose,
            self.archiving,
            Evidence(self.trail, self.ledger),
            self.clock,
        )

    def _is_addressable(self, place: str, collection: str) -> bool:
        from chalicelib.connectors.addressing import is_addressable

        return is_addressable(self.data_maps.map_in_force(), place, collection)

    def _is_enumerable(self, place: str, collection: str) -> bool:
        from chalicelib.connectors.addressing import is_enumerable

        return is_enumerable(self.data_maps.map_in_force(), place, collection)

    def _targets_of(self, record: "HeldRecord") -> "Sequence[Target]":
        return record.facts.targets()

    def _dispose(self, at: "Place", means: "Means", _rule: str, guard: "Sequence[Check]") -> None:
        from chalicelib.connectors.disposals import Disposal

        place = self.places.at(at.place)
        disposal = Disposal(means.value)
        place.dispose(at.collection, at.reference, disposal, guard, rehearse=False)

    def _tell_tripped(self, run_id: str, due: int, allowed: int) -> "list[Action]":
        language = cast("Language", self.settings.alert_language)
        values = {"run": run_id, "due": str(due), "allowed": str(allowed)}
        return [
            action
            for address in self.settings.alert_address.split(",")
            for action in self.outbox.mail(
                "sweep_tripped", address.strip(), language, values
            ).actions
        ]

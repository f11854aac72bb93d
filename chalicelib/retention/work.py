"""The kinds of work that keep and end what stands under retention, and who does each."""

from collections.abc import Callable, Mapping

from chalicelib.retention.archiving.copies import Copies
from chalicelib.retention.archiving.deed import REMOVE_WORK
from chalicelib.retention.engagements.service import CERTIFY_WORK, END_WORK
from chalicelib.retention.engagements.working import EngagementWork
from chalicelib.retention.enumerating.service import ENUMERATE_WORK
from chalicelib.retention.enumerating.working import EnumerationWork
from chalicelib.retention.holds.service import RELEASED_WORK
from chalicelib.retention.records.rescheduling import Rescheduling
from chalicelib.retention.schedule.previewing import Previewing
from chalicelib.retention.schedule.service import PREVIEW_WORK, RESCHEDULE_WORK
from chalicelib.retention.sweeping.batches import Batches
from chalicelib.retention.sweeping.releasing import Releasing
from chalicelib.retention.sweeping.sweep import DISPOSAL_WORK


def work_of(
    previewing: Previewing,
    rescheduling: Rescheduling,
    batches: Batches,
    releasing: Releasing,
    engagements: EngagementWork,
    archived: Copies,
    enumerating: EnumerationWork,
) -> Mapping[str, Callable[[str, str], None]]:
    """What is done, by kind."""
    return {
        PREVIEW_WORK: lambda number, _: previewing.carry_on(int(number)),
        RESCHEDULE_WORK: rescheduling.carry_on,
        DISPOSAL_WORK: batches.carry_on,
        RELEASED_WORK: lambda hold_id, _: releasing.release(hold_id),
        END_WORK: lambda client, _: engagements.plan(client),
        CERTIFY_WORK: lambda client, _: engagements.certify(client),
        REMOVE_WORK: lambda record_id, _: archived.remove(record_id),
        ENUMERATE_WORK: lambda enumeration_id, _: enumerating.carry_on(enumeration_id),
    }

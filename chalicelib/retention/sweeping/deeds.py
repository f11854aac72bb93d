"""What is done to one record that is due, and what is to be said of it afterwards."""

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.audit.entry import Entity, Fact
from chalicelib.clock import from_millis, to_millis
from chalicelib.retention.records.models import HeldRecord, State
from chalicelib.retention.schedule.models import Means


@dataclass(frozen=True, slots=True)
class Deed:
    """What is done to a record: in which run and rule's name, how, when (aware)."""

    record: HeldRecord
    run_id: str
    rule: str
    means: Means
    now: datetime

    @property
    def entity(self) -> Entity:
        return Entity("record", self.record.record_id)

    @property
    def facts(self) -> dict[str, Fact]:
        return {"rule": self.rule, "means": self.means.value, "run": self.run_id}

    def gone(self, record: HeldRecord) -> HeldRecord:
        """The record, as it stands, without what it spoke of."""
        return replace(
            record,
            state=State.DISPOSED,
            disposed_at=from_millis(to_millis(self.now)),
            disposed_by=self.rule,
            means=self.means,
        )

"""What is written of the end of a record, beside the record: its chain, and the erasure ledger."""

from chalicelib.audit.entry import Actor
from chalicelib.audit.trail import Trail
from chalicelib.retention.records.models import HeldRecord
from chalicelib.retention.sweeping.deeds import Deed
from chalicelib.tables.transactions import Action
from chalicelib.vault.ledger import ErasureLedger

SWEEPER = Actor("system", "sweep_retention")


class Evidence:
    """Makes the writes that belong to the transaction of a deed."""

    def __init__(self, trail: Trail, ledger: ErasureLedger) -> None:
        self._trail = trail
        self._ledger = ledger

    def gone(self, deed: Deed) -> list[Action]:
        """Of a record that ends with its row."""
        return [*self._begun(deed, "record.disposed"), self._line(deed)]

    def archived(self, deed: Deed) -> list[Action]:
        """Of a record whose row is in the archive now."""
        return self._begun(deed, "record.archived")

    def ended(self, deed: Deed) -> list[Action]:
        """Of a record that was archived, and ends there."""
        chain = self._trail.actions(deed.entity, SWEEPER, "record.disposed", deed.facts)
        return [*chain, self._line(deed)]

    def _begun(self, deed: Deed, action: str) -> list[Action]:
        # No record has a chain before, but one out of a restored table: its second try reads it.
        append = self._trail.actions if deed.record.attempts else self._trail.first_actions
        return append(deed.entity, SWEEPER, action, deed.facts)

    def _line(self, deed: Deed) -> Action:
        facts = _facts_of(deed.record) | {"run": deed.run_id}
        return self._ledger.record_action(
            deed.record.record_id, deed.now, deed.means.value, deed.rule, facts
        )


def _facts_of(record: HeldRecord) -> dict[str, str]:
    """What the erasure ledger says of a record: enough to keep its id from being used again."""
    return {
        "place": record.at.place,
        "collection": record.at.collection,
        "category": record.facts.category,
        "role": record.facts.role.value,
        "client": record.facts.client,
    }

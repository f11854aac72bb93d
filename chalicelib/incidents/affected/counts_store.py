"""The numbers of an incident's list (items.py), and whether anybody may still be put on it.

Every change of the list, and whatever is about to change it, moves the revision of this one item.
Whoever closes the incident does so at the revision that they looked at, and closes the list with
it: of somebody who is put on it and of a closing at the same time one comes first, and the other
sees that.
"""

from collections.abc import Mapping
from typing import cast

from chalicelib.errors import Conflict
from chalicelib.incidents.affected.items import (
    AFFECTED_COUNTS,
    count_fields,
    counts_from,
    final_field,
    key_of_counts,
)
from chalicelib.incidents.affected.models import Count
from chalicelib.incidents.models import Recipient
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import Condition, revision_is
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Update
from chalicelib.tables.updates import Changes

_ALWAYS = Condition("attribute_not_exists(pk) OR attribute_exists(pk)")
_OPEN = Condition("attribute_not_exists(#closed)", {"#closed": "closed"})
_UNTOUCHED = Condition("attribute_not_exists(#rev)", {"#rev": "rev"})


class ListIsFinal(Conflict):
    """A notice to their kind was approved: whoever is on the list is told.

    Others may still be added.
    """

    code = "recipients_final"


class CountsStore:
    """Reads the numbers; makes the writes that move them."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def counts(self, incident_id: str) -> Mapping[Recipient, Count]:
        """How many there are by kind, read consistently. One read unit."""
        return counts_from(self._item(incident_id))

    def revision(self, incident_id: str) -> int:
        """That of the list, read consistently: each change of it, and of the numbers, moves it."""
        item = self._item(incident_id)
        return cast("int", AFFECTED_COUNTS.lift(item).get("rev", 0)) if item else 0

    def adding(self, incident_id: str, counts: Mapping[Recipient, Count]) -> Action:
        """The write that counts whom the same transaction adds. It meets `Moved` where the incident
        was closed meanwhile."""
        return self._change(incident_id, _OPEN, add=count_fields(counts))

    def removing(self, incident_id: str, kind: Recipient, count: Count) -> Action:
        """The write that counts somebody out. It meets `Moved` where the incident was closed
        meanwhile, or a notice approved. Raises `ListIsFinal`."""
        if final_field(kind) in (self._item(incident_id) or {}):
            raise ListIsFinal
        still_open = Condition(
            "attribute_not_exists(#final) AND attribute_not_exists(#closed)",
            {"#final": final_field(kind), "#closed": "closed"},
        )
        return self._change(incident_id, still_open, add=count_fields({kind: count}))

    def asking(self, incident_id: str) -> Action:
        """For the transaction that begins or ends what puts people on the list; meets `Moved` as
        `adding` does."""
        return self._change(incident_id, _OPEN)

    def final(self, incident_id: str, kind: Recipient) -> Action:
        """For the transaction that approves a notice: from then on nobody of its kind is
        removed."""
        return self._change(incident_id, _ALWAYS, put={final_field(kind): True})

    def closing(self, incident_id: str) -> Action:
        """The write that closes the list as it is now. It meets `Moved` when that changed."""
        revision = self.revision(incident_id)
        as_it_is = revision_is(revision) if revision else _UNTOUCHED
        return self._change(incident_id, as_it_is, put={"closed": True})

    def reopening(self, incident_id: str) -> Action:
        """The write that lets people be put on the list again."""
        return self._change(incident_id, _ALWAYS, remove=("closed",))

    def _item(self, incident_id: str) -> Item | None:
        return self._records.get(key_of_counts(incident_id), consistent=True)

    def _change(
        self,
        incident_id: str,
        condition: Condition,
        *,
        put: Mapping[str, bool] | None = None,
        add: Mapping[str, int] | None = None,
        remove: tuple[str, ...] = (),
    ) -> Action:
        changes = Changes(
            put=AFFECTED_COUNTS.stamp({**(put or {})}), add={"rev": 1, **(add or {})}, remove=remove
        )
        return Update(self._records, key_of_counts(incident_id), changes, condition, Moved)

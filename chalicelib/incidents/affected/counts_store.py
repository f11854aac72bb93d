"""The numbers of an incident's list (items.py), and whether anybody may still be put on it.

Every change of the list, and whatever is about to change it, moves the revision of this one item.
Whoever closes the incident does so at the revision that they looked at, and closes the list with
it: of somebody who is put on it and of a closing at the same time one comes first, and the other
sees that.
"""

from collections.abc import Mapping

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
        return counts_from(self._records.get(key_of_counts(incident_id), consistent=True))

    def adding(self, incident_id: str, counts: Mapping[Recipient, Count]) -> list[Action]:
        """The write that counts whom the same transaction adds, none where it adds nobody. It meets
        `Moved` where the incident was closed meanwhile."""
        added = count_fields(counts)
        return [self._change(incident_id, _OPEN, add=added)] if added else []

    def removing(self, incident_id: str, kind: Recipient, count: Count) -> Action:
        """The write that counts somebody out. It meets `ListIsFinal`."""
        not_final = Condition("attribute_not_exists(#final)", {"#final": final_field(kind)})
        added = count_fields({kind: count})
        return self._change(incident_id, not_final, add=added, otherwise=ListIsFinal)

    def asking(self, incident_id: str) -> Action:
        """For the transaction that starts what will put people on the list; meets `Moved` as
        `adding` does."""
        return self._change(incident_id, _OPEN)

    def final(self, incident_id: str, kind: Recipient) -> Action:
        """For the transaction that approves a notice: from then on nobody of its kind is
        removed."""
        return self._change(incident_id, _ALWAYS, put={final_field(kind): True})

    def closing(self, incident_id: str) -> Action:
        """The write that closes the list as it is now. It meets `Moved` when that changed."""
        item = self._records.get(key_of_counts(incident_id), consistent=True)
        match AFFECTED_COUNTS.lift(item) if item else {}:
            case {"rev": int(revision)}:
                as_it_is = revision_is(revision)
            case _:
                as_it_is = _UNTOUCHED
        return self._change(incident_id, as_it_is, put={"closed": True})

    def reopening(self, incident_id: str) -> Action:
        """The write that lets people be put on the list again."""
        return self._change(incident_id, _ALWAYS, remove=("closed",))

    def _change(
        self,
        incident_id: str,
        condition: Condition,
        *,
        put: Mapping[str, bool] | None = None,
        add: Mapping[str, int] | None = None,
        remove: tuple[str, ...] = (),
        otherwise: type[Conflict | Moved] = Moved,
    ) -> Action:
        changes = Changes(
            put=AFFECTED_COUNTS.stamp({**(put or {})}), add={"rev": 1, **(add or {})}, remove=remove
        )
        return Update(self._records, key_of_counts(incident_id), changes, condition, otherwise)

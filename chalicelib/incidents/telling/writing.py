"""Writing to people of a roll: who of them is still to be told of a notice, their lines, the mails.

One address gets one mail, whoever has it: the first who has it holds it, the others share it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from chalicelib.incidents.notices.models import TEMPLATE
from chalicelib.incidents.telling.ledger_store import LedgerStore, line_name
from chalicelib.incidents.telling.models import Addressee, BreachTelling, Holder, Line, Listed
from chalicelib.incidents.telling.rules import is_elsewhere, is_untold
from chalicelib.notices.outbox import Outbox
from chalicelib.notices.telling.letters import Letter, addressed, unaddressed
from chalicelib.notices.telling.models import Channel, Outcome, Place
from chalicelib.tables.transactions import Action

_HOLDS = {Outcome.QUEUED, Outcome.DRILL, Outcome.DEAD}
"""What became of the first mail to an address, or why none can go there."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Some people of a roll: `new` are still to be told, in the roll's order; `known` are lines
    that there are, `holders` by address whose mail goes there."""

    new: Mapping[str, Addressee] = field(repr=False)
    known: Mapping[str, Line]
    holders: dict[str, Holder]


class Writing:
    """Chooses and writes, for steps.py."""

    def __init__(self, ledger: LedgerStore, outbox: Outbox) -> None:
        self._ledger = ledger
        self._outbox = outbox

    def choose(self, telling: BreachTelling, people: Listed, ids: Sequence[str]) -> Chosen:
        """Who of `ids` (up to 100) was not told yet, or has another address now than the one at
        which no mail reached them."""
        known = {} if telling.round == 1 else self._ledger.known(telling.notice_id, ids)
        waiting = [each for each in ids if each not in known or is_untold(known[each])]
        readers = people.readers(waiting)
        addressees = {
            each: Addressee(each, readers[each], people.address_id(readers[each].email))
            for each in waiting
            if each in readers and (each not in known or readers[each].email)
        }
        addresses = {each.address_id for each in addressees.values() if each.reader.email}
        holders = self._ledger.holders(telling.notice_id, addresses)
        new = {
            recipient_id: each
            for recipient_id, each in addressees.items()
            if recipient_id not in known
            or is_elsewhere(known[recipient_id], holders.get(each.address_id))
        }
        return Chosen(new, known, holders)

    def write(
        self,
        telling: BreachTelling,
        chosen: Chosen,
        place: Place,
        recipient_id: str,
        now: datetime,
    ) -> tuple[Line, list[Action]]:
        """The line of one of the new, and the writes of it and of the mail, if one goes out. Whose
        mail it is holds the address for those who come after."""
        addressee = chosen.new[recipient_id]
        line, actions = self._told(telling, addressee, chosen.holders, place, now)
        if line.told.outcome in _HOLDS:
            holder = Holder(recipient_id, line.told.message_id)
            chosen.holders[addressee.address_id] = holder
            actions.append(self._ledger.holding(telling.notice_id, addressee.address_id, holder))
        before = chosen.known.get(recipient_id)
        if before:  # they were on the list since then: a word in public later was for them, too
            line = replace(line, told=replace(line.told, queued_at=before.told.queued_at))
        return line, [*actions, self._ledger.keeping(telling.notice_id, line, before)]

    def _told(
        self,
        telling: BreachTelling,
        addressee: Addressee,
        holders: Mapping[str, Holder],
        place: Place,
        now: datetime,
    ) -> tuple[Line, list[Action]]:
        recipient_id, reader = addressee.recipient_id, addressee.reader
        told = unaddressed(recipient_id, reader, now)
        if not reader.email:
            return Line(told), []
        if holder := holders.get(addressee.address_id):
            shares = replace(told, channel=Channel.EMAIL, outcome=Outcome.SAME_ADDRESS)
            return Line(replace(shares, reason=holder.recipient_id), shares=holder.message_id), []
        if telling.drill:  # everything but the mail
            return Line(replace(told, channel=Channel.EMAIL, outcome=Outcome.DRILL)), []
        values = {"incident_id": telling.incident_id, "notice_id": telling.notice_id}
        letter = Letter(TEMPLATE, values, line_name(telling.notice_id, recipient_id))
        mailed, actions = addressed(self._outbox, letter, told, reader, place.next_at)
        return Line(mailed), actions

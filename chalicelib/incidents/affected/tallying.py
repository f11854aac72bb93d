"""What a page of rows says, and what a computation counts of it. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from chalicelib.connectors.places import Sighting
from chalicelib.connectors.rows import texts_at
from chalicelib.incidents.affected.models import Person, Tally
from chalicelib.incidents.affected.planning import Plan
from chalicelib.incidents.affected.sighting import Values, fits, in_time, people_in

MOST_CLIENTS = 500
"""As many as an incident's facts take."""
_CLIENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(slots=True)
class Seen:
    """What a page says: rows as in `Tally`, the people of those that fit, their clients' ids, and
    whether some row names its client otherwise."""

    rows: int = 0
    matched: int = 0
    undated: int = 0
    nobody: int = 0
    people: list[Person] = field(default_factory=list)
    clients: set[str] = field(default_factory=set)
    others: bool = False


def seen_in(page: Iterable[Sighting], plan: Plan) -> Seen:
    """What the rows of the page say by the plan. Where a place only told how far it is, nothing."""
    seen = Seen()
    for each in page:
        if each.values is not None:
            _see(seen, each.values, plan)
    return seen


def tallied(tally: Tally, seen: Seen, people: Sequence[tuple[str, Person]]) -> Tally:
    """The tally with a page more; `people` are those seen, as far as known now, with their ids."""
    macs = [(recipient_id.partition("-")[2], each) for recipient_id, each in people]
    clients = sorted({*tally.clients, *seen.clients})
    return replace(
        tally,
        rows=tally.rows + seen.rows,
        matched=tally.matched + seen.matched,
        undated=tally.undated + seen.undated,
        nobody=tally.nobody + seen.nobody,
        people=tally.people.seeing(mac for mac, _ in macs),
        without_address=tally.without_address.seeing(mac for mac, each in macs if not each.email),
        clients=tuple(clients[:MOST_CLIENTS]),
        more_clients=tally.more_clients or seen.others or len(clients) > MOST_CLIENTS,
    )


def _see(seen: Seen, row: Values, plan: Plan) -> None:
    seen.rows += 1
    fitting = in_time(row, plan.question)
    if fitting is False or not fits(row, plan.question):
        return
    seen.matched += 1
    seen.undated += fitting is None
    named = _named(row, plan.question.client_field)
    clients = [each for each in named if _CLIENT.fullmatch(each)]
    seen.clients.update(clients)
    seen.others |= len(clients) < len(named)  # a name with a blank is no id: somebody has to look
    people = people_in(row, plan.people, clients[0] if len(clients) == 1 else "")
    seen.nobody += not people
    seen.people += people


def _named(row: Values, path: str) -> list[str]:
    """What the row calls its clients, each once."""
    texts = texts_at(row, path) if path else ()
    return [each for each in dict.fromkeys(texts) if each]

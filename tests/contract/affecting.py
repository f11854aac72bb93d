"""What tests of telling the affected share: a list of them, a teller, and what it left behind."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.audit.entry import Actor
from chalicelib.clock import rfc3339
from chalicelib.incidents.book import incident_entity
from chalicelib.incidents.models import Recipient
from chalicelib.incidents.notices.models import TEMPLATE, State
from chalicelib.incidents.telling.models import BreachTelling, DutiesDone, PeopleOf
from chalicelib.incidents.telling.teller import BreachTeller, Report
from chalicelib.notices.models import Language
from chalicelib.notices.telling.models import Reader
from chalicelib.services import Services
from chalicelib.tables.transactions import Action
from tests.contract.noticing import INCIDENT, NOTICE, a_notice, keep
from tests.contract.people import mails, records
from tests.fakes import FixedClock

PLENTY = 300_000


@dataclass
class Affected:
    """A list of the affected in 16 parts, in memory: what a telling reads of the real one."""

    readers_by_id: dict[str, Reader] = field(default_factory=dict)
    parts: int = 16
    growing: bool = False
    lacking: bool = False

    def add(self, email: str, language: Language = "id", name: str = "") -> str:
        mac = hashlib.sha256((name or email).encode()).hexdigest()[:32]
        recipient_id = f"subjects-{mac}"
        self.readers_by_id[recipient_id] = Reader(email, language)
        return recipient_id

    def after(self, part: int, after: str, limit: int) -> list[str]:
        digit = f"{part:x}"
        here = (each for each in self.readers_by_id if each.partition("-")[2][0] == digit)
        return sorted(each for each in here if each > after)[:limit]

    def address_id(self, email: str, /) -> str:
        return hashlib.sha256(email.encode()).hexdigest()[:32]

    def count(self) -> int:
        return len(self.readers_by_id)

    def is_unsettled(self) -> bool:
        return self.growing

    def version(self) -> str:
        return str(self.count())

    def lacks_contacts(self) -> bool:
        return self.lacking

    def readers(self, reader_ids: Sequence[str], /) -> Mapping[str, Reader]:
        return {each: self.readers_by_id[each] for each in reader_ids}


def many(count: int) -> Affected:
    """A list of so many people with addresses."""
    affected = Affected()
    for number in range(count):
        affected.add(f"person-{number}@example.test", "en" if number % 3 else "id")
    return affected


def addresses(affected: Affected) -> list[str]:
    return sorted(each.email for each in affected.readers_by_id.values() if each.email)


@dataclass
class Scene:
    """An approved notice whose telling has started, and the teller of it."""

    services: Services
    clock: FixedClock
    affected: Affected

    def start(self, *, drill: bool = False) -> None:
        keep(self.services, a_notice(state=State.APPROVED, drill=drill))
        desk = self.services.telling_desk
        self.services.run_command(lambda: desk.start(INCIDENT, NOTICE, Recipient.SUBJECTS, drill))

    def teller(self, services: Services | None = None) -> BreachTeller:
        here = services or self.services
        return teller_of(here, lambda *_: self.affected)

    def run(self, remaining_ms: Callable[[], int] = lambda: PLENTY) -> Report:
        return self.teller().run(remaining_ms)

    def runs(self, count: int = 3) -> None:
        for _ in range(count):
            self.run()
            self.clock.advance(timedelta(minutes=5))

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [item for item in records(self.services) if item["et"] == "breach_told"]

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(str(line["outcome"]) for line in self.lines)

    @property
    def mailed(self) -> list[str]:
        """Whom mails of the notice wait for or went to, sorted, as far as they can be read."""
        values = {"incident_id": INCIDENT, "notice_id": NOTICE}
        return sorted(mail["to"] for mail in mails(self.services) if mail["values"] == values)

    @property
    def messages(self) -> list[dict[str, Any]]:
        items = (each for each in records(self.services) if each["et"] == "outbox_message")
        return [each for each in items if each["kind"] == TEMPLATE]

    @property
    def state(self) -> str:
        telling = self.services._breach_tellings.get(NOTICE)
        assert telling is not None
        return telling.state.value

    @property
    def entries(self) -> list[str]:
        """What the incident's chain says, the oldest first."""
        return [each.action for each in self.services.trail.history(incident_entity(INCIDENT))]


def teller_of(services: Services, people_of: PeopleOf) -> BreachTeller:
    """The services' teller, of a list of one's own and of an incident that is not there."""
    services.__dict__["affected_people"] = people_of
    services.__dict__["_duties_done"] = duties_done_by(services)
    services.__dict__["_is_off"] = lambda _: False
    services.__dict__.pop("breach_teller", None)
    return services.breach_teller


def duties_done_by(services: Services) -> DutiesDone:
    """Notes in the incident's chain that the duties were done, and when."""

    def done(telling: BreachTelling, at: datetime) -> list[Action]:
        if telling.done_at:
            return []
        facts = {"notice": telling.notice_id, "done_at": rfc3339(at)}
        who = Actor("system", "teller")
        return services.incident_book.entry(telling.incident_id, who, "incident.told", facts)

    return done

"""Data subjects, as themselves and the staff see them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from itertools import batched

from chalicelib.audit.entry import Actor, Entity
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock
from chalicelib.errors import Conflict, NotFound
from chalicelib.identity.models import Subject
from chalicelib.identity.subject_store import MOST_AT_ONCE, NameTaken, SubjectStore
from chalicelib.ids import Ids
from chalicelib.notices.models import Language
from chalicelib.tables.transactions import Action, RunCommand
from chalicelib.vault.blind_index import BlindIndex, Kind, normalise

type Greet = Callable[[str], list[Action]]
"""The writes that somebody new, by their id, needs elsewhere."""

ROLL_PARTS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""The parts of the roll of all people: the last characters that an id can have."""


class UnknownSubject(NotFound):
    """Nobody has proved this address, or the person was erased."""

    code = "unknown_subject"


class IdentifiersOfTwoPeople(Conflict):
    """The identifiers that are said to be one person's lead to two."""

    code = "identifiers_of_two_people"


class Subjects:
    """Finds people and says who they are."""

    def __init__(
        self,
        store: SubjectStore,
        index: BlindIndex,
        trail: Trail,
        clock: Clock,
        ids: Ids,
        run_command: RunCommand,
        greet: Greet,
    ) -> None:
        """`greet` makes the writes that belong to somebody new elsewhere."""
        self._store = store
        self._index = index
        self._trail = trail
        self._clock = clock
        self._ids = ids
        self._run_command = run_command
        self._greet = greet

    def having(self, email: str, language: Language) -> tuple[str, list[Action]]:
        """`known_by` this address. For the transaction of a proof of the address."""
        return self.known_by({Kind.EMAIL: email}, language)

    def known_by(
        self, identifiers: Mapping[Kind, str], language: Language, *, greeted: bool = True
    ) -> tuple[str, list[Action]]:
        """The id of the subject with these identifiers, and the writes that make one if it is new.

        Nothing is added to somebody who is known: an address proves itself by a code, and another
        identifier is the platform's to add (`vouched_for`). Somebody new is known by the first of
        them, and `greeted` unless the caller does what belongs to that. The writes fail with
        `Moved` when somebody proved it first; call it anew then. Raises `UnusableIdentifier`,
        `IdentifiersOfTwoPeople`.
        """
        people = {
            known
            for kind, each in identifiers.items()
            if (known := self._store.id_of(self._index.tokens(kind, each)))
        }
        if len(people) > 1:
            raise IdentifiersOfTwoPeople
        if people:
            return people.pop(), []
        email = identifiers.get(Kind.EMAIL, "")
        address = normalise(Kind.EMAIL, email) if email else ""
        subject = Subject(self._ids.new(), address, language, self._clock.now())
        first = [self._index.tokens(kind, each)[0] for kind, each in identifiers.items()][:1]
        greeting = self._greet(subject.subject_id) if greeted else []
        return subject.subject_id, [*self._store.add_actions(first, subject), *greeting]

    def vouched_for(
        self,
        identifiers: Mapping[Kind, str],
        language: Language,
        who: Actor,
        *,
        greeted: bool = True,
    ) -> tuple[str, list[Action]]:
        """As `known_by`, and a reference that leads to nobody leads to the address's subject.

        Never the other way round: a reference that is known would give its person's requests to
        whatever address is named beside it. The subject's chain says what was added. The writes, if
        any, fail with `KeyDestroyed` when the person was erased meanwhile.
        """
        subject_id, actions = self.known_by(identifiers, language, greeted=greeted)
        reference = identifiers.get(Kind.REFERENCE)
        if not identifiers.get(Kind.EMAIL) or not reference:
            return subject_id, actions
        tokens = self._index.tokens(Kind.REFERENCE, reference)
        if self._store.id_of(tokens) is not None:
            return subject_id, actions
        entity, facts = Entity("subject", subject_id), {"identifier": Kind.REFERENCE.value}
        return subject_id, [
            *actions,
            *self._store.link_actions(tokens[:1], subject_id),
            *([] if actions else [self._store.still_there(subject_id)]),
            *self._trail.actions(entity, who, "subject.linked", facts),
        ]

    def holder_of(self, email: str) -> str | None:
        """The id of the subject who proved this address, or None. Raises `UnusableIdentifier`."""
        return self._store.id_of(self._index.tokens(Kind.EMAIL, email))

    def own(self, subject_id: str) -> Subject:
        """The subject, for itself. Raises `UnknownSubject`, `KeyDestroyed`."""
        subject = self._store.get(subject_id)
        if subject is None:
            raise UnknownSubject
        return subject

    def erase_actions(self, subject_id: str) -> list[Action]:
        """The writes that erase the subject, for the transaction that ends its request.

        With the entry in its chain. Call `forget` after they went through, and `unlink` and
        `forget_names` for the names that do not fit into them. Raises `UnknownSubject`,
        `KeyDestroyed` when it was erased before.
        """
        email = self.own(subject_id).email
        addresses = self._index.tokens(Kind.EMAIL, email) if email else []
        entity, who = Entity("subject", subject_id), Actor("system", "erasure")
        return [
            *self._store.erase_actions(subject_id, addresses),
            *self._trail.actions(entity, who, "subject.erased", {}),
        ]

    def erased_again_actions(self, subject_id: str, at: datetime) -> list[Action]:
        """The writes that erase again who was erased at `at` (aware), after a restore.

        The chain has its entry already. Call `forget` after they went through, `unlink` and
        `forget_names` for the names. May be repeated.
        """
        return self._store.erased_again_actions(subject_id, at)

    def names(self, subject_id: str) -> list[str]:
        """The blind indexes of all that the subject is known by, erased or not."""
        return list(self._store.known_as(subject_id))

    def unlink(self, subject_id: str, names: Sequence[str]) -> None:
        """Lets the `names` of an erased subject lead nowhere. May be repeated."""
        for name in names:
            action = self._store.unlink_action(subject_id, name)
            with suppress(NameTaken):
                self._run_command(partial(list, [action]))

    def forget_names(self, subject_id: str, names: Sequence[str]) -> None:
        """Forgets which `names` an erased subject had. May be repeated."""
        for some in batched(names, MOST_AT_ONCE, strict=False):
            self._run_command(partial(self._store.forget_names_actions, subject_id, some))

    def on_roll(self, part: str, after: str, limit: int) -> list[str]:
        """Up to `limit` ids of those in a `part` of the roll (`ROLL_PARTS`) that come `after`."""
        return self._store.on_roll(part, after, limit)

    def many(self, subject_ids: Iterable[str]) -> dict[str, Subject]:
        """Up to 100 subjects by their ids, without those who were erased."""
        return self._store.many(subject_ids)

    def is_there(self, subject_id: str) -> bool:
        """Whether the subject was not erased, read consistently."""
        return self._store.is_there(subject_id)

    def forget(self, subject_id: str) -> None:
        """Drops an erased subject's key from memory."""
        self._store.forget(subject_id)

    def find_for_staff(self, email: str, staff_id: str) -> Subject:
        """The subject with this address, for a member of the staff; the reading is in the trail.

        The entry is written first: nothing is shown whose showing could not be recorded. To seek
        and find nobody is recorded with whoever sought. Raises `UnknownSubject`, `KeyDestroyed`,
        `UnusableIdentifier`.
        """
        seeker = Entity("staff", staff_id)
        subject_id = self._store.id_of(self._index.tokens(Kind.EMAIL, email))
        if subject_id is None:
            self._record(seeker, staff_id, "personal_data.sought")
            raise UnknownSubject
        self._record(Entity("subject", subject_id), staff_id, "personal_data.read")
        return self.own(subject_id)

    def read_by_staff(self, subject_id: str, staff_id: str, permission: str) -> None:
        """Notes that a member of the staff is about to read the subject's personal data.

        Before it is shown: nothing is shown whose showing could not be recorded. Raises
        `UnknownSubject` for somebody who is not there (any more).
        """
        if not self.is_there(subject_id):
            raise UnknownSubject
        entity = Entity("subject", subject_id)
        self._record(entity, staff_id, "personal_data.read", permission)

    def _record(
        self, entity: Entity, staff_id: str, action: str, permission: str = "subjects.read"
    ) -> None:
        who, facts = Actor("staff", staff_id), {"permission": permission}
        self._run_command(lambda: self._trail.actions(entity, who, action, facts))

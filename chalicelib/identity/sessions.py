"""Sessions: opened by a proof, found by their token, ended."""

from collections.abc import Callable, Sequence

from chalicelib.audit.entry import Actor, Entity, Fact
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock
from chalicelib.identity.errors import SessionUnknown
from chalicelib.identity.models import SELF, SESSION_LIFE, Opened, Session
from chalicelib.identity.session_store import SessionStore, hash_of, new_token
from chalicelib.identity.subjects import Subjects
from chalicelib.notices.models import Language
from chalicelib.tables.transactions import Action, Check, RunCommand

type Keep = Callable[[str], list[Action]]
"""The writes that note that a session begins now, by the hash that it is found by."""


class Sessions:
    """The sessions of data subjects. Who proves an address for the first time becomes one."""

    def __init__(
        self,
        store: SessionStore,
        subjects: Subjects,
        keep: Keep,
        trail: Trail,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._subjects = subjects
        self._keep = keep
        self._trail = trail
        self._clock = clock
        self._run_command = run_command

    def open(self, email: str, language: Language, proof: Action, means: str) -> Opened:
        """Opens a session for whoever has `email`; `proof` uses the proof up with it.

        One transaction: either the proof is used, the session stands and the trail says by which
        `means`, or nothing happened. Raises what `proof` raises when it was used before.
        """
        token, now = new_token(), self._clock.now()
        opened: list[Opened] = []

        def build() -> list[Action]:
            subject_id, new_subject = self._subjects.having(email, language)
            session = Session(subject_id, SELF, now + SESSION_LIFE)
            opened[:] = [Opened(session, token)]
            return [
                proof,
                self._store.add_action(token, session),
                *self._keep(hash_of(token)),
                *new_subject,
                *self._entry(subject_id, "session.opened", {"means": means}),
            ]

        self._run_command(build)
        return opened[0]

    def find(self, token: str, purpose: str) -> Session:
        """The session behind `token`, which ends with its person. Raises `SessionUnknown`.

        Two reads.
        """
        session = self._store.find(token)
        if session is None or session.purpose != purpose:
            raise SessionUnknown
        if not self._subjects.is_there(session.subject_id):
            raise SessionUnknown
        return session

    def end(self, token: str, purpose: str) -> None:
        """Ends the session behind `token` at once. Raises `SessionUnknown`."""
        session = self.find(token, purpose)
        self._run_command(
            lambda: [
                self._store.end_action(token),
                *self._entry(session.subject_id, "session.ended", {}),
            ]
        )

    def remove(self, hashed: str, guard: Sequence[Check]) -> None:
        """Deletes what is left of the session found by `hashed`, under the conditions of `guard`,
        and raises what they do. May be repeated."""
        self._run_command(lambda: [*guard, self._store.removal(hashed)])

    def _entry(self, subject_id: str, action: str, facts: dict[str, Fact]) -> list[Action]:
        who = Actor("subject", subject_id)
        return self._trail.actions(Entity("subject", subject_id), who, action, facts)

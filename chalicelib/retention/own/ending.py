"""How each kind of our own records ends, under the condition that no hold is on it.

Each deed may be repeated: a worker that died between it and the record's last write is followed by
one that finds nothing left to do.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date

from chalicelib.consents.forgetting import ConsentStands
from chalicelib.retention.archiving.deed import RecordOvertaken
from chalicelib.retention.own.place import OwnCollection
from chalicelib.retention.records.models import Place
from chalicelib.tables.transactions import Check, RunCommand
from chalicelib.vault.errors import KeyDestroyed
from chalicelib.vault.keys import Scope
from chalicelib.vault.vault import Vault

type EndRequest = Callable[[str, str, Sequence[Check]], None]
"""Ends what the request of an id said, in a rule's name, if the given checks hold."""
type EndCopy = Callable[[str, str, Sequence[Check]], None]
"""Ends a request's copy, by the ids of both, if the given checks hold."""
type EndSession = Callable[[str, Sequence[Check]], None]
"""Deletes the session found by a hash, if the given checks hold."""
type EndConsent = Callable[[str, Sequence[Check]], None]
"""Deletes the proof of a consent, by its reference, if the given checks hold."""
type EndIncident = Callable[[str, str, Sequence[Check]], None]
"""Ends what the incident of an id said, in a rule's name, if the given checks hold."""


class Endings:
    """Ends our own records."""

    def __init__(
        self,
        vault: Vault,
        end_request: EndRequest,
        end_copy: EndCopy,
        end_session: EndSession,
        end_consent: EndConsent,
        end_incident: EndIncident,
        run_command: RunCommand,
    ) -> None:
        self._vault = vault
        self._end_request = end_request
        self._end_copy = end_copy
        self._end_session = end_session
        self._end_consent = end_consent
        self._end_incident = end_incident
        self._run_command = run_command

    def end(self, at: Place, rule: str, guard: Sequence[Check]) -> None:
        """Does away with what is there in a rule's name, whichever means the schedule has for it:
        it is under one key, or files. Raises `Held`, and what keeps it from being done."""
        first, _, second = at.reference.partition("/")
        match OwnCollection(at.collection):
            case OwnCollection.PREFERENCES:
                self._end_day(Scope.visitors(first, date.fromisoformat(second)), rule, guard)
            case OwnCollection.REQUESTS:
                self._end_request(first, rule, guard)
            case OwnCollection.EXPORTS:
                self._end_copy(first, second, guard)
            case OwnCollection.SESSIONS:
                self._end_session(first, guard)
            case OwnCollection.CONSENTS:
                self._end_proof(at.reference, guard)
            case OwnCollection.INCIDENTS:
                self._end_incident(first, rule, guard)

    def _end_proof(self, reference: str, guard: Sequence[Check]) -> None:
        try:
            self._end_consent(reference, guard)
        except ConsentStands:
            # Given again since it was decided on, and the record with it.
            raise RecordOvertaken from None

    def _end_day(self, day: Scope, rule: str, guard: Sequence[Check]) -> None:
        """However many choices the day has, they go with its key."""
        with suppress(KeyDestroyed):  # gone: by its own end, or by a worker that died
            self._run_command(lambda: [*guard, *self._vault.destroy_actions(day, rule)])
        self._vault.forget(day)

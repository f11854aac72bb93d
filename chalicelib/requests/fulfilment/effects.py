"""What a request that ends does to our own records, by its deed.

Of an erasure the person's own key goes last, after all places: until then a worker that died could
not have begun anew. The certificate is in the same transaction, and what the request itself said is
forgotten with it.
"""

from chalicelib.clock import Clock
from chalicelib.connectors.places import Deed
from chalicelib.consents.obeying import Obeying
from chalicelib.identity.subjects import Subjects
from chalicelib.notices.outbox import Outbox
from chalicelib.requests.copies.models import BuiltCopy
from chalicelib.requests.fulfilment.certificates import Certificates
from chalicelib.requests.fulfilment.copying import Copying
from chalicelib.requests.fulfilment.models import Progress
from chalicelib.requests.fulfilment.planning import WIPE
from chalicelib.requests.models import DataRequest, RequestType
from chalicelib.requests.store import RequestStore
from chalicelib.tables.transactions import Action
from chalicelib.vault.keys import Scope


class Effects:
    """Makes those writes."""

    def __init__(
        self,
        store: RequestStore,
        copying: Copying,
        certificates: Certificates,
        subjects: Subjects,
        obeying: Obeying,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self._store = store
        self._copying = copying
        self._certificates = certificates
        self._subjects = subjects
        self._obeying = obeying
        self._outbox = outbox
        self._clock = clock

    def prepare(self, request: DataRequest, progress: Progress) -> BuiltCopy | None:
        """What has to be there before the request can end: the copy, and the word to processors
        that an erased person's consent is over. May be repeated."""
        if progress.plan.deed is Deed.ERASE and request.subject_id is not None:
            self._obeying.terminate(request.subject_id, request.request_id)
        if progress.plan.deed is not Deed.COPY:
            return None
        return self._copying.build(request, progress.tasks)

    def actions(
        self, progress: Progress, ended: DataRequest, built: BuiltCopy | None
    ) -> list[Action]:
        """The writes for the transaction that ends the request, with that of `ended` itself."""
        match progress.plan.deed:
            case Deed.COPY:
                released = self._copying.release_actions(ended.request_id, built) if built else []
                return [*released, self._store.change_action(ended)]
            case Deed.CORRECT:
                return [self._store.change_action(ended)]
            case Deed.RESTRICT:
                return [*self._obeyed(ended), self._store.change_action(ended)]
            case Deed.ERASE:
                return self._erased(progress, ended)

    def settle(self, request: DataRequest, progress: Progress) -> None:
        """After the transaction: what was gathered for a copy goes, and a destroyed key leaves this
        container's memory too.
        """
        if progress.plan.deed is Deed.COPY:
            self._copying.tidy(request.request_id)
        if progress.plan.deed is Deed.ERASE:
            self._store.forget(request.request_id)
            if request.subject_id is not None:
                self._subjects.forget(request.subject_id)

    def _obeyed(self, ended: DataRequest) -> list[Action]:
        """What the gate obeys from now on, by what the person asked for."""
        if ended.subject_id is None:
            return []
        match ended.type:
            case RequestType.CONSENT_WITHDRAWAL:
                return self._obeying.withdrawal(
                    ended.subject_id, ended.request_id, ended.received_at
                )
            case RequestType.OBJECTION:
                return self._obeying.objection(ended.subject_id, ended.request_id)
        return self._obeying.restriction(ended.subject_id, ended.request_id)

    def _erased(self, progress: Progress, ended: DataRequest) -> list[Action]:
        scopes = [Scope.request(ended.request_id)]
        person: list[Action] = []
        if ended.subject_id is not None:
            scopes.append(Scope.person(ended.subject_id))
            person = [
                *self._subjects.erase_actions(ended.subject_id),
                *self._obeying.erasure(ended.subject_id),
            ]
        names = [each.value for each in scopes]
        return [
            self._certificates.issue(ended, progress.tasks, self._clock.now(), names),
            *person,
            *self._store.erase_actions(ended),
            *self._outbox.work(WIPE, ended.request_id).actions,
        ]

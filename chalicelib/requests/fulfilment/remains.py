"""Where people's requests leave something: what wipes them, once or again, goes to these."""

from chalicelib.consents.obeying import Obeying
from chalicelib.identity.subjects import Subjects
from chalicelib.requests.book import RequestBook
from chalicelib.requests.fulfilment.copying import Copying
from chalicelib.requests.fulfilment.messages import Messages
from chalicelib.requests.fulfilment.plan_store import PlanStore
from chalicelib.requests.store import RequestStore
from chalicelib.tables.transactions import RunCommand


class Remains:
    """The stores and services that hold it."""

    def __init__(
        self,
        book: RequestBook,
        store: RequestStore,
        plans: PlanStore,
        copying: Copying,
        messages: Messages,
        subjects: Subjects,
        obeying: Obeying,
        run_command: RunCommand,
    ) -> None:
        self._book = book
        self._store = store
        self._plans = plans
        self._copying = copying
        self._messages = messages
        self._subjects = subjects
        self._obeying = obeying
        self._run_command = run_command

    def _tidy(self, request_id: str) -> None:
        """Removes what was gathered for the request, and what its messages said."""
        self._copying.remove(request_id)
        self._messages.forget(request_id)

"""Taking the answer of a remote place: only from whom it was asked, once.

The answer is signed as our events are (Standard Webhooks), with the endpoint's secret; while that
is being rotated, with either. It is kept, sealed, and work is queued for whoever waits for it, in
one transaction: what is said here is not forgotten, and the system that says it need not wait.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress

from chalicelib.connectors.places import Deed, Kept, Outcome, Row, Verdict
from chalicelib.connectors.remote.models import Answered, RemoteTask, TaskState
from chalicelib.connectors.remote.task_store import AlreadyAnswered, RemoteTaskStore
from chalicelib.connectors.remote.wire import KeptIn, TaskAnswerIn
from chalicelib.connectors.webhooks.verifying import Verifying
from chalicelib.errors import FieldError, InvalidInput, NotFound
from chalicelib.notices.outbox import Outbox
from chalicelib.tables.transactions import Action, RunCommand
from chalicelib.vault.errors import KeyDestroyed

ANSWERED = "answered"
"""The kind of work that an answer makes; it is about the task's id."""

type Citations = Callable[[], Mapping[str, str]]
"""The citation of each mandate, by its id."""


class UnknownTask(NotFound):
    """No place was asked for a task of that id, or not that place, or its request was erased."""

    code = "unknown_task"


class RemoteAnswers:
    """Checks answers and keeps them for whoever waits."""

    def __init__(
        self,
        tasks: RemoteTaskStore,
        verifying: Verifying,
        outbox: Outbox,
        citations: Citations,
        run_command: RunCommand,
    ) -> None:
        self._tasks = tasks
        self._verifying = verifying
        self._outbox = outbox
        self._citations = citations
        self._run_command = run_command

    def take(
        self,
        place_id: str,
        task_id: str,
        headers: Mapping[str, str],
        raw: bytes,
        body: TaskAnswerIn,
    ) -> None:
        """Takes the answer `body`, which came as `raw` under `headers` (lower-case names).

        The first answer counts; any other changes nothing. Raises `UnknownTask`,
        `UnverifiedWebhook`, `InvalidInput`.
        """
        task = self._tasks.get(task_id)
        if task is None or task.place_id != place_id:
            raise UnknownTask
        self._verifying.check(task.endpoint_id, headers, raw)
        # The signature does not cover the path: without this an answer could be signed for one
        # task and sent, by whoever saw it, to another.
        if (body.place, body.task) != (place_id, task_id):
            raise InvalidInput(FieldError("task", "not_of_this_path"))
        if body.rows and task.deed is not Deed.COPY:
            raise InvalidInput(FieldError("rows", "not_allowed"))
        answered = self._answered(body)
        if task.state is TaskState.ASKED:
            self._keep(task, answered)

    def _keep(self, task: RemoteTask, answered: Answered) -> None:
        def build() -> list[Action]:
            work = self._outbox.work(ANSWERED, task.task_id)
            return [*self._tasks.answer(task, answered), *work.actions]

        try:
            with suppress(AlreadyAnswered):
                self._run_command(build)
        except KeyDestroyed:
            raise UnknownTask from None

    def _answered(self, body: TaskAnswerIn) -> Answered:
        kept = tuple(self._kept(place, each) for place, each in enumerate(body.kept))
        rows = tuple(Row(each.collection, each.values) for each in body.rows)
        return Answered(Verdict(body.verdict), Outcome(body.found, body.changed, kept), rows)

    def _kept(self, place: int, kept: KeptIn) -> Kept:
        citation = self._citations().get(kept.rule)
        if citation is None:
            raise InvalidInput(FieldError(f"kept.{place}.rule", "unknown"))
        return Kept(kept.collection, kept.rule, citation, kept.rows, kept.until)

"""Taking the answer of a remote place: only from whom it was asked, once.

The answer is signed as our events are (Standard Webhooks), with the endpoint's secret; while that
is being rotated, with either. The signature is good for five minutes, and whatever comes twice
changes nothing the second time, so nothing is remembered about the ids of messages.
"""

from collections.abc import Callable, Mapping

from chalicelib.clock import Clock
from chalicelib.connectors.places import Deed, Kept, Outcome, Row, Verdict
from chalicelib.connectors.remote.models import Answered, RemoteTask, TaskAnswers, UnknownTask
from chalicelib.connectors.remote.task_store import RemoteTaskStore
from chalicelib.connectors.remote.wire import KeptIn, TaskAnswerIn
from chalicelib.connectors.webhooks.endpoint_store import EndpointStore
from chalicelib.connectors.webhooks.signing import UnverifiedWebhook, verify
from chalicelib.errors import FieldError, InvalidInput

type Citations = Callable[[], Mapping[str, str]]
"""The citation of each mandate, by its id."""


class RemoteAnswers:
    """Checks answers and hands them to whoever waits."""

    def __init__(
        self,
        tasks: RemoteTaskStore,
        endpoints: EndpointStore,
        waiting: TaskAnswers,
        citations: Citations,
        clock: Clock,
    ) -> None:
        self._tasks = tasks
        self._endpoints = endpoints
        self._waiting = waiting
        self._citations = citations
        self._clock = clock

    def take(
        self, place_id: str, task_id: str, headers: Mapping[str, str], raw: bytes, body: TaskAnswerIn
    ) -> None:
        """Takes the answer `body`, which came as `raw` under `headers` (lower-case names).

        Raises `UnknownTask`, `UnverifiedWebhook`, `InvalidInput`.
        """
        task = self._tasks.get(task_id)
        if task is None or task.place_id != place_id:
            raise UnknownTask
        self._verify(task, headers, raw)
        # Else an answer could be signed for one task and sent to another.
        if (body.place, body.task) != (place_id, task_id):
            raise InvalidInput(FieldError("task", "not_of_this_path"))
        if body.rows and task.deed is not Deed.COPY:
            raise InvalidInput(FieldError("rows", "not_allowed"))
        self._waiting.answer(task, self._answered(body))

    def _verify(self, task: RemoteTask, headers: Mapping[str, str], raw: bytes) -> None:
        endpoint = self._endpoints.get(task.endpoint_id)
        if endpoint is None:
            raise UnverifiedWebhook  # it was removed, and its secret with it
        (opened,) = self._endpoints.open([endpoint])
        now = self._clock.now()
        verify(headers, raw, opened.signers(now), now)

    def _answered(self, body: TaskAnswerIn) -> Answered:
        kept = tuple(self._kept(place, each) for place, each in enumerate(body.kept))
        rows = tuple(Row(each.collection, each.values) for each in body.rows)
        return Answered(Verdict(body.verdict), Outcome(body.found, body.changed, kept), rows)

    def _kept(self, place: int, kept: KeptIn) -> Kept:
        citation = self._citations().get(kept.rule)
        if citation is None:
            raise InvalidInput(FieldError(f"kept.{place}.rule", "unknown"))
        return Kept(kept.collection, kept.rule, citation, kept.rows, kept.until)

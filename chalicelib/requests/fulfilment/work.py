"""The kinds of work that carry requests out, and who does each."""

from collections.abc import Mapping

from chalicelib.connectors.remote.answers import ANSWERED
from chalicelib.requests.fulfilment.asking import AnswersOfPlaces
from chalicelib.requests.fulfilment.concluding import Concluding
from chalicelib.requests.fulfilment.locating import Locating
from chalicelib.requests.fulfilment.models import Stage
from chalicelib.requests.fulfilment.planning import (
    CARRY_OUT,
    CONCLUDE,
    LOCATE,
    PLAN,
    PREPARE,
    WIPE,
    Planning,
)
from chalicelib.requests.fulfilment.tasks import Tasks
from chalicelib.requests.fulfilment.wiping import Wiping
from chalicelib.requests.fulfilment.worker import Do, GiveUp
from chalicelib.requests.service import FORGET_WORK


def work_of(
    planning: Planning,
    locating: Locating,
    tasks: Tasks,
    concluding: Concluding,
    wiping: Wiping,
    answers: AnswersOfPlaces,
) -> Mapping[str, Do]:
    """What is done, by kind.

    What is gathered while its person is erased is swept by whoever gathered it.
    """

    def prepare(request_id: str, place: str) -> None:
        tasks.prepare(request_id, place)
        wiping.sweep(request_id)

    def conclude(request_id: str, _place: str) -> None:
        concluding.conclude(request_id)
        wiping.sweep(request_id)

    def take(task_id: str, _place: str) -> None:
        if request_id := answers.take(task_id):
            wiping.sweep(request_id)

    return {
        PLAN: lambda request_id, _: planning.plan(request_id),
        PREPARE: prepare,
        LOCATE: locating.locate,
        CARRY_OUT: tasks.carry_out,
        CONCLUDE: conclude,
        WIPE: lambda request_id, _: wiping.wipe(request_id),
        FORGET_WORK: lambda request_id, _: wiping.forget(request_id),
        ANSWERED: take,
    }


def give_up_of(locating: Locating, tasks: Tasks) -> Mapping[str, GiveUp]:
    """What is handed to a person, by kind; all other work is buried."""
    return {
        PREPARE: lambda request_id, place, code: tasks.fail(
            request_id, place, Stage.PREPARING, code
        ),
        LOCATE: lambda request_id, place, _: locating.give_up(request_id, place),
        CARRY_OUT: lambda request_id, place, code: tasks.fail(
            request_id, place, Stage.CARRYING_OUT, code
        ),
    }

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


def work_of(
    planning: Planning,
    locating: Locating,
    tasks: Tasks,
    concluding: Concluding,
    wiping: Wiping,
    answers: AnswersOfPlaces,
) -> Mapping[str, Do]:
    """What is done, by kind."""
    return {
        PLAN: lambda request_id, _: planning.plan(request_id),
        PREPARE: tasks.prepare,
        LOCATE: locating.locate,
        CARRY_OUT: tasks.carry_out,
        CONCLUDE: lambda request_id, _: concluding.conclude(request_id),
        WIPE: lambda request_id, _: wiping.wipe(request_id),
        ANSWERED: lambda task_id, _: answers.take(task_id),
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

"""Messages that the relay gave up: found without a scan, and handed to their queues once more."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.notices.__main__ import main
from chalicelib.notices.messages import Message, State
from chalicelib.notices.outbox import KEPT, message_key, unclaimed_bucket
from chalicelib.notices.stranded import Stranded
from chalicelib.services import Services
from chalicelib.tables.keys import Key
from chalicelib.tables.table import Table
from tests.contract.post import Post
from tests.contract.test_mail_queues import Queues, ids, queues
from tests.fakes import FixedClock

__all__ = ["queues"]  # a fixture

HOUR = timedelta(hours=1)
FIVE_MINUTES = timedelta(minutes=5)  # within the life of a code
type Run = Callable[..., int]


@pytest.fixture
def run(services: Services, queues: Queues) -> Run:
    """The command, on queues that are there; returns its exit code."""
    services.settings = replace(
        services.settings, mail_queue_url=queues.mail, webhook_queue_url=queues.webhook
    )
    return lambda *arguments: main(["relay", *arguments])


@pytest.fixture
def post(services: Services) -> Post:
    return Post(services)


def queue_event(services: Services) -> str:
    queued = services.outbox.webhook("01JENDPOINT", "request.closed", b"{}")
    services.run_command(lambda: queued.actions)
    return queued.message_id


def test_what_never_reached_its_queue_is_queued(
    run: Run,
    queues: Queues,
    post: Post,
    services: Services,
    clock: FixedClock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    mail, event = post.queue(), queue_event(services)
    clock.advance(FIVE_MINUTES)
    assert run("--minutes", "5") == 0
    assert capsys.readouterr().out == "2 messages are in their queues\n"
    (letter,) = queues.bodies(queues.mail)
    post.delivery().deliver(letter)
    assert post.look(mail).state is State.SENT
    assert ids(queues.bodies(queues.webhook)) == [event]


def test_what_a_consumer_has_claimed_is_not(
    run: Run, queues: Queues, post: Post, services: Services, clock: FixedClock
) -> None:
    sent, waiting, event = post.queue(), post.queue(), queue_event(services)
    post.deliver(sent)
    for message_id, give_back in ((waiting, release), (event, retry)):
        claimed = services.outbox_store.claim(message_id)
        assert claimed is not None
        give_back(services, claimed)
    clock.advance(HOUR)
    run()
    assert queues.bodies(queues.mail) + queues.bodies(queues.webhook) == []
    assert list(services.records.due(unclaimed_bucket(clock.now()))) == []


def release(services: Services, message: Message) -> None:
    services.outbox_store.release(message)


def retry(services: Services, message: Message) -> None:
    services.outbox_store.retry(message, services.clock.now() + 12 * HOUR)


class Lagging(Table):
    """Its index lists what a moment ago was there, or waited."""

    def __init__(self, table: Table, *message_ids: str) -> None:
        super().__init__(table.client, table.logical, table.name)
        self._listed = [message_key(message_id) for message_id in message_ids]

    def due(self, bucket: str, *, before: str | None = None) -> Iterator[Key]:
        yield from self._listed if bucket == "UNCLAIMED#2026-11-23" else ()


def test_an_index_that_lags_starts_nothing(
    queues: Queues, post: Post, services: Services, clock: FixedClock
) -> None:
    sent = post.queue()
    post.deliver(sent)
    clock.advance(HOUR)
    lagging = Lagging(services.records, sent, "01JEXPIRED")
    stranded = Stranded(lagging, services.outbox_store, queues.relay, clock)
    assert stranded.hand_over(HOUR) == 0


def test_what_may_be_on_its_way_is_left_to_it(
    run: Run, queues: Queues, post: Post, clock: FixedClock
) -> None:
    old = post.queue()
    clock.advance(FIVE_MINUTES)
    post.queue()
    run("--minutes", "5")
    assert ids(queues.bodies(queues.mail)) == [old]


def test_it_is_found_as_long_as_it_is_kept(
    run: Run, queues: Queues, post: Post, clock: FixedClock
) -> None:
    message_id = post.queue()
    clock.advance(KEPT)
    run()
    assert ids(queues.bodies(queues.mail)) == [message_id]


def test_more_than_a_batch_of_sqs_fits(
    run: Run, queues: Queues, post: Post, clock: FixedClock
) -> None:
    message_ids = [post.queue() for _ in range(25)]
    clock.advance(HOUR)
    run()
    assert ids(queues.bodies(queues.mail)) == message_ids


def test_running_it_twice_sends_once(
    run: Run, queues: Queues, post: Post, clock: FixedClock
) -> None:
    post.queue()
    clock.advance(FIVE_MINUTES)
    run("--minutes", "5")
    run("--minutes", "5")
    letters = queues.bodies(queues.mail)
    assert len(letters) == 2
    for letter in letters:
        post.delivery().deliver(letter)
    assert len(post.client.taken) == 1


def test_an_event_that_was_redriven_and_then_lost_is_found_again(
    run: Run, queues: Queues, services: Services, clock: FixedClock
) -> None:
    event = queue_event(services)
    claimed = services.outbox_store.claim(event)
    assert claimed is not None
    services.outbox_store.bury(claimed, "status_500")
    dead = services.outbox_store.get(event)
    assert dead is not None
    services.run_command(lambda: services.outbox_actions.resurrection(dead, "01JAGAIN"))
    clock.advance(HOUR)
    run()
    assert ids(queues.bodies(queues.webhook)) == [event]

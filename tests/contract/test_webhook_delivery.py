"""Delivering events: once, again after failures, and to the endpoint's dead letters in the end."""

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from ipaddress import ip_address
from typing import Any

import pytest
import standardwebhooks

from chalicelib.clock import to_millis
from chalicelib.connectors.webhooks.client import NoAnswer
from chalicelib.connectors.webhooks.models import EndpointState
from chalicelib.connectors.webhooks.redrive import AT_ONCE, Redriven, WebhookPaused
from chalicelib.connectors.webhooks.rules import MOST_ATTEMPTS, REST, longest_pause
from chalicelib.connectors.webhooks.signing import SIGNATURE, TIMESTAMP, verify
from chalicelib.notices.consumer import Later
from chalicelib.notices.messages import Channel, Message, State
from chalicelib.notices.outbox import KEPT, message_key
from chalicelib.notices.outbox_actions import Overtaken
from chalicelib.notices.outbox_store import LEASE, OutboxStore
from chalicelib.notices.relay import Relay
from chalicelib.services import Services
from chalicelib.tables.codec import encode
from chalicelib.tables.conditions import PRESENT
from chalicelib.vault.sealing import LONGEST_PLAINTEXT
from tests.contract.hooks import BODY, DPO, EVENT, Hooks, fresh
from tests.contract.sqs import Sqs
from tests.contract.test_tables import at_once
from tests.fakes import FixedClock

SECOND = timedelta(seconds=1)


class Killed(BaseException):
    """Lambda ends the process here."""


@pytest.fixture
def hooks(services: Services) -> Hooks:
    return Hooks(services)


@pytest.fixture
def endpoint_id(hooks: Hooks) -> str:
    return hooks.register().endpoint_id


def later(act: Callable[[], object]) -> int:
    """The seconds after which the message comes again."""
    with pytest.raises(Later) as postponed:
        act()
    return postponed.value.seconds


def fail(hooks: Hooks, clock: FixedClock, message_id: str, times: int) -> None:
    """Lets so many attempts fail, each at its time."""
    hooks.internet.answers = [500] * times
    for _ in range(times - 1):
        clock.advance(later(lambda: hooks.deliver(message_id)) * SECOND)
    hooks.deliver(message_id) if times == MOST_ATTEMPTS else later(
        lambda: hooks.deliver(message_id)
    )


# --- sending -----------------------------------------------------------------------------------


def test_an_event_arrives_signed_and_as_it_was_queued(
    hooks: Hooks, services: Services, clock: FixedClock
) -> None:
    issued = hooks.register()
    message_id = hooks.queue(issued.endpoint_id)
    hooks.deliver(message_id)
    (posted,) = hooks.internet.posted
    assert (posted.target.host, posted.target.path) == ("hooks.example.com", "/jaga")
    assert posted.body == BODY
    assert verify(posted.headers, posted.body, [fresh(issued)], clock.now()) == message_id
    assert hooks.look(message_id).state is State.SENT
    assert hooks.letters(issued.endpoint_id) == []


def test_while_a_secret_is_rotated_both_sign(
    hooks: Hooks, services: Services, clock: FixedClock
) -> None:
    first = hooks.register()
    second = services.webhooks.rotate(DPO, first.endpoint_id)
    hooks.deliver(hooks.queue(first.endpoint_id))
    (posted,) = hooks.internet.posted
    for secret in (fresh(first), fresh(second)):
        assert verify(posted.headers, posted.body, [secret], clock.now())
        assert standardwebhooks.Webhook(secret.reveal())
    assert len(posted.headers[SIGNATURE].split(" ")) == 2


def test_two_deliveries_of_one_message_send_once(hooks: Hooks, endpoint_id: str) -> None:
    message_id = hooks.queue(endpoint_id)
    hooks.deliver(message_id)
    hooks.deliver(message_id)
    assert len(hooks.internet.posted) == 1


def test_ten_consumers_at_once_send_once(hooks: Hooks, endpoint_id: str) -> None:
    message_id = hooks.queue(endpoint_id)
    ends = at_once(10, lambda _: hooks.deliver(message_id))
    assert len(hooks.internet.posted) == 1
    assert all(end is None or isinstance(end, Later) for end in ends)


def test_a_consumer_that_died_before_sending_is_replaced_after_its_lease(
    hooks: Hooks, endpoint_id: str, clock: FixedClock
) -> None:
    message_id = hooks.queue(endpoint_id)
    hooks.services.outbox_store.claim(message_id)
    assert later(lambda: hooks.deliver(message_id)) == LEASE.seconds + 1
    clock.advance(LEASE)
    hooks.deliver(message_id)
    assert len(hooks.internet.posted) == 1


def test_one_that_died_after_sending_costs_one_duplicate_under_the_same_id(
    hooks: Hooks, services: Services, endpoint_id: str, clock: FixedClock
) -> None:
    class Dying(OutboxStore):
        def mark_sent(self, message_id: str) -> None:
            raise Killed

    message_id = hooks.queue(endpoint_id)
    dying = Dying(services.records, services.vault, clock, services.run_command)
    with pytest.raises(Killed):
        hooks.deliver(message_id, dying)
    clock.advance(LEASE)
    hooks.deliver(message_id)
    hooks.deliver(message_id)
    first, second = hooks.internet.posted
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == message_id
    assert first.headers[TIMESTAMP] != second.headers[TIMESTAMP]


def test_a_message_that_expired_is_done_with(hooks: Hooks) -> None:
    hooks.deliver("01JNOSUCHMESSAGE")
    assert hooks.internet.posted == []


# --- trying again ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [100, 199, 301, 302, 307, 400, 401, 404, 408, 429, 500, 503])
def test_anything_but_a_receipt_is_tried_again(
    hooks: Hooks, endpoint_id: str, clock: FixedClock, status: int
) -> None:
    message_id = hooks.queue(endpoint_id)
    hooks.internet.answers = [status]
    seconds = later(lambda: hooks.deliver(message_id))
    clock.advance(seconds * SECOND)
    hooks.deliver(message_id)
    assert len(hooks.internet.posted) == 2
    assert hooks.look(message_id).state is State.SENT


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_a_receipt(hooks: Hooks, endpoint_id: str, status: int) -> None:
    message_id = hooks.queue(endpoint_id)
    hooks.internet.answers = [status]
    hooks.deliver(message_id)
    assert hooks.look(message_id).state is State.SENT


def test_attempts_are_made_at_doubling_distances_and_end(
    hooks: Hooks, endpoint_id: str, clock: FixedClock
) -> None:
    message_id = hooks.queue(endpoint_id)
    hooks.internet.answers = [500] * MOST_ATTEMPTS
    begun = clock.now()
    pauses = []
    while True:
        try:
            hooks.deliver(message_id)
        except Later as postponed:
            pauses.append(postponed.seconds - 1)
            clock.advance(postponed.seconds * SECOND)
        else:
            break
    assert pauses == [longest_pause(attempts) for attempts in range(1, MOST_ATTEMPTS)]
    assert pauses[:4] == [5, 10, 20, 40]
    assert max(pauses) < 12 * 60 * 60 - 60  # SQS hides for twelve hours, counted from the receipt
    # Drawn evenly from nothing to the longest, the pauses take half of this.
    assert timedelta(days=5) < clock.now() - begun < timedelta(days=7)
    assert len(hooks.internet.posted) == MOST_ATTEMPTS
    assert hooks.look(message_id).state is State.DEAD


def test_what_failed_at_the_same_moment_comes_again_at_different_ones(
    hooks: Hooks, clock: FixedClock, endpoint_id: str
) -> None:
    def pauses() -> list[int]:
        message_id = hooks.queue(endpoint_id)
        hooks.internet.answers = [500] * (MOST_ATTEMPTS - 1)
        drawn = []
        for attempts in range(1, MOST_ATTEMPTS):
            delivery = hooks.delivery(by_chance=True)
            drawn.append(later(partial(delivery.deliver, f'{{"id": "{message_id}"}}')))
            # A second more than was drawn: the lease must be over then.
            assert 2 <= drawn[-1] <= longest_pause(attempts) + 1
            clock.advance(drawn[-1] * SECOND)
        return drawn

    longest = [longest_pause(attempts) + 1 for attempts in range(1, MOST_ATTEMPTS)]
    one, other = pauses(), pauses()
    assert one != other
    assert longest not in (one, other)


def test_a_second_copy_of_the_queues_message_does_not_hurry_an_attempt(
    hooks: Hooks, endpoint_id: str, clock: FixedClock
) -> None:
    message_id = hooks.queue(endpoint_id)
    hooks.internet.answers = [500]
    seconds = later(lambda: hooks.deliver(message_id))
    for _ in range(3):
        assert later(lambda: hooks.deliver(message_id)) == seconds
    assert len(hooks.internet.posted) == 1
    clock.advance(seconds * SECOND)
    hooks.deliver(message_id)
    assert len(hooks.internet.posted) == 2


def test_a_target_that_turned_private_is_not_posted_to(
    hooks: Hooks, endpoint_id: str, clock: FixedClock
) -> None:
    good = hooks.internet.addresses
    hooks.internet.addresses = [ip_address("169.254.169.254")]
    message_id = hooks.queue(endpoint_id)
    clock.advance(later(lambda: hooks.deliver(message_id)) * SECOND)
    assert hooks.internet.posted == []
    hooks.internet.addresses = good
    hooks.deliver(message_id)
    assert len(hooks.internet.posted) == 1


# --- one endpoint does not delay another ---------------------------------------------------------


def test_an_endpoint_that_did_not_answer_is_left_alone_for_a_minute(
    hooks: Hooks, endpoint_id: str, clock: FixedClock
) -> None:
    other = hooks.register("https://other.example.com/").endpoint_id
    first, second, third = (hooks.queue(endpoint_id) for _ in range(3))
    hooks.internet.answers = [NoAnswer()]
    later(lambda: hooks.deliver(first))
    later(lambda: hooks.deliver(second))  # without a post
    assert len(hooks.internet.posted) == 1
    hooks.deliver(hooks.queue(other))
    assert len(hooks.internet.posted) == 2
    clock.advance(REST)
    hooks.deliver(third)
    assert len(hooks.internet.posted) == 3
    hooks.deliver(second)
    assert hooks.look(second).state is State.SENT


def test_an_endpoint_that_answers_badly_is_not_left_alone(hooks: Hooks, endpoint_id: str) -> None:
    hooks.internet.answers = [500]
    later(lambda: hooks.deliver(hooks.queue(endpoint_id)))
    hooks.deliver(hooks.queue(endpoint_id))
    assert len(hooks.internet.posted) == 2


# --- giving up -----------------------------------------------------------------------------------


def test_after_the_last_attempt_an_event_is_a_dead_letter_of_its_endpoint(
    hooks: Hooks, endpoint_id: str, clock: FixedClock
) -> None:
    other = hooks.register("https://other.example.com/").endpoint_id
    message_id = hooks.queue(endpoint_id)
    queued = to_millis(clock.now())
    fail(hooks, clock, message_id, MOST_ATTEMPTS)
    (letter,) = hooks.letters(endpoint_id)
    assert (letter.message_id, letter.event, letter.reason) == (message_id, EVENT, "status_500")
    assert letter.attempts == MOST_ATTEMPTS
    assert letter.at == to_millis(clock.now())
    assert letter.ends_at == queued // 1000 + KEPT.total_seconds()
    assert hooks.letters(other) == []
    assert hooks.look(message_id).reason == "status_500"
    assert hooks.dead == 1
    hooks.deliver(message_id)  # a late copy
    assert len(hooks.internet.posted) == MOST_ATTEMPTS


def test_gone_pauses_the_endpoint_and_is_on_the_trail(
    hooks: Hooks, services: Services, endpoint_id: str
) -> None:
    first, second = hooks.queue(endpoint_id), hooks.queue(endpoint_id)
    hooks.internet.answers = [410]
    hooks.deliver(first)
    hooks.deliver(second)
    assert len(hooks.internet.posted) == 1
    assert services.webhooks.get(endpoint_id)[0].state is EndpointState.PAUSED
    assert [each.reason for each in hooks.letters(endpoint_id)] == ["gone", "webhook_paused"]
    assert [each.attempts for each in hooks.letters(endpoint_id)] == [1, 0]
    assert hooks.actions_on(endpoint_id) == ["webhook.registered", "webhook.paused"]


def test_a_consumer_that_died_after_pausing_loses_nothing(
    hooks: Hooks, services: Services, endpoint_id: str, clock: FixedClock
) -> None:
    message_id = hooks.queue(endpoint_id)
    services.outbox_store.claim(message_id)
    services.webhooks.pause(DPO, endpoint_id)  # and then it died
    clock.advance(LEASE)
    hooks.deliver(message_id)
    assert [each.message_id for each in hooks.letters(endpoint_id)] == [message_id]


def test_an_event_of_a_removed_endpoint_is_given_up(
    hooks: Hooks, services: Services, endpoint_id: str
) -> None:
    message_id = hooks.queue(endpoint_id)
    services.webhooks.remove(DPO, endpoint_id)
    hooks.deliver(message_id)
    assert hooks.look(message_id).reason == "webhook_removed"
    assert hooks.letters(endpoint_id) == []
    assert hooks.internet.posted == []


def test_an_endpoint_that_was_removed_while_it_answered_gone_needs_no_pause(
    hooks: Hooks, services: Services, endpoint_id: str
) -> None:
    message_id = hooks.queue(endpoint_id)

    class Removing(list[int | Exception]):
        def pop(self, _index: Any = 0) -> int | Exception:
            services.webhooks.remove(DPO, endpoint_id)
            self.clear()
            return 410

    hooks.internet.answers = Removing([410])
    hooks.deliver(message_id)
    assert hooks.look(message_id).state is State.DEAD


@pytest.mark.parametrize("damage", ["sealed", "key"])
def test_an_event_that_does_not_open_is_given_up(
    hooks: Hooks, services: Services, endpoint_id: str, clock: FixedClock, damage: str
) -> None:
    message_id = hooks.queue(endpoint_id)
    if damage == "sealed":
        services.records.update(message_key(message_id), PRESENT, put={"kind": "request.opened"})
    else:
        clock.advance(KEPT + timedelta(days=2))
    hooks.deliver(message_id)
    (letter,) = hooks.letters(endpoint_id)
    assert letter.reason == ("seal_broken" if damage == "sealed" else "key_destroyed")
    assert hooks.internet.posted == []


def test_whoever_lost_its_claim_does_not_bury(
    hooks: Hooks, services: Services, endpoint_id: str, clock: FixedClock
) -> None:
    class Slow(OutboxStore):
        def claim(
            self, message_id: str, lease: timedelta = LEASE, *, counted: bool = False
        ) -> Message | None:
            claimed = super().claim(message_id)
            clock.advance(LEASE)
            super().claim(message_id)  # somebody else
            return claimed

    message_id = hooks.queue(endpoint_id)
    services.webhooks.pause(DPO, endpoint_id)
    with pytest.raises(Overtaken):
        hooks.deliver(
            message_id, Slow(services.records, services.vault, clock, services.run_command)
        )
    assert hooks.letters(endpoint_id) == []
    assert hooks.look(message_id).state is State.SENDING
    assert hooks.dead == 0


# --- redrive -------------------------------------------------------------------------------------


def again(services: Services, message_id: str) -> list[dict[str, Any]]:
    """What was inserted beside the message for the relay."""
    items = services.records.query_all(message_key(message_id).pk)
    return [dict(each) for each in items if each["et"] == "outbox_again"]


def test_a_redriven_event_goes_out_under_its_old_id(
    hooks: Hooks, services: Services, endpoint_id: str, clock: FixedClock
) -> None:
    message_id = hooks.queue(endpoint_id)
    fail(hooks, clock, message_id, MOST_ATTEMPTS)
    assert services.webhook_redrive.run(DPO, endpoint_id) == Redriven(1, remaining=False)
    assert hooks.letters(endpoint_id) == []
    (nudge,) = again(services, message_id)
    assert nudge["channel"] == "webhook"
    message = hooks.look(message_id)
    assert (message.state, message.attempts, message.reason) == (State.QUEUED, 0, None)
    hooks.deliver(message_id)
    assert hooks.internet.posted[-1].headers["webhook-id"] == message_id
    assert hooks.internet.posted[-1].body == BODY
    assert hooks.actions_on(endpoint_id)[-1] == "webhook.redriven"


def test_a_redriven_event_that_fails_again_has_all_its_attempts(
    hooks: Hooks, services: Services, endpoint_id: str, clock: FixedClock
) -> None:
    message_id = hooks.queue(endpoint_id)
    for round_ in range(1, 3):
        fail(hooks, clock, message_id, MOST_ATTEMPTS)
        assert len(hooks.internet.posted) == round_ * MOST_ATTEMPTS
        services.webhook_redrive.run(DPO, endpoint_id)
    assert len(again(services, message_id)) == 2


def test_a_redrive_is_of_one_endpoint(hooks: Hooks, services: Services, endpoint_id: str) -> None:
    other = hooks.register("https://other.example.com/").endpoint_id
    for each in (endpoint_id, other):
        services.webhooks.pause(DPO, each)
        hooks.deliver(hooks.queue(each))
        services.webhooks.resume(DPO, each)
    services.webhook_redrive.run(DPO, endpoint_id)
    assert hooks.letters(endpoint_id) == []
    assert len(hooks.letters(other)) == 1


def test_many_dead_letters_are_redriven_in_several_transactions(
    hooks: Hooks, services: Services, endpoint_id: str
) -> None:
    services.webhooks.pause(DPO, endpoint_id)
    ids = [hooks.queue(endpoint_id) for _ in range(AT_ONCE * 2 + 1)]
    for message_id in ids:
        hooks.deliver(message_id)
    services.webhooks.resume(DPO, endpoint_id)
    assert services.webhook_redrive.run(DPO, endpoint_id) == Redriven(len(ids), remaining=False)
    assert {hooks.look(each).state for each in ids} == {State.QUEUED}
    assert hooks.actions_on(endpoint_id).count("webhook.redriven") == 3


def test_the_largest_events_fit_into_a_redrives_transaction(
    hooks: Hooks, services: Services, endpoint_id: str
) -> None:
    services.webhooks.pause(DPO, endpoint_id)
    for _ in range(AT_ONCE):
        hooks.deliver(hooks.queue(endpoint_id, bytes(LONGEST_PLAINTEXT)))
    services.webhooks.resume(DPO, endpoint_id)
    assert services.webhook_redrive.run(DPO, endpoint_id).count == AT_ONCE


def test_a_redrive_of_more_than_it_does_at_once_says_so(
    hooks: Hooks, services: Services, endpoint_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.connectors.webhooks.redrive._ROUNDS", 1)
    services.webhooks.pause(DPO, endpoint_id)
    for _ in range(AT_ONCE + 1):
        hooks.deliver(hooks.queue(endpoint_id))
    services.webhooks.resume(DPO, endpoint_id)
    assert services.webhook_redrive.run(DPO, endpoint_id) == Redriven(AT_ONCE, remaining=True)
    assert services.webhook_redrive.run(DPO, endpoint_id) == Redriven(1, remaining=False)
    assert services.webhook_redrive.run(DPO, endpoint_id) == Redriven(0, remaining=False)


def test_nothing_is_redriven_to_a_paused_endpoint(
    hooks: Hooks, services: Services, endpoint_id: str
) -> None:
    services.webhooks.pause(DPO, endpoint_id)
    hooks.deliver(hooks.queue(endpoint_id))
    with pytest.raises(WebhookPaused):
        services.webhook_redrive.run(DPO, endpoint_id)
    assert len(hooks.letters(endpoint_id)) == 1


def test_two_who_redrive_at_once_queue_each_event_once(
    hooks: Hooks, services: Services, endpoint_id: str
) -> None:
    services.webhooks.pause(DPO, endpoint_id)
    ids = [hooks.queue(endpoint_id) for _ in range(3)]
    for message_id in ids:
        hooks.deliver(message_id)
    services.webhooks.resume(DPO, endpoint_id)
    ends = at_once(5, lambda _: services.webhook_redrive.run(DPO, endpoint_id))
    assert sum(end.count for end in ends if isinstance(end, Redriven)) == len(ids)
    assert all(isinstance(end, Redriven | Overtaken) for end in ends)
    assert [len(again(services, each)) for each in ids] == [1, 1, 1]


def test_a_dead_letter_whose_event_ended_is_only_taken_off_the_list(
    hooks: Hooks, services: Services, endpoint_id: str
) -> None:
    services.webhooks.pause(DPO, endpoint_id)
    message_id = hooks.queue(endpoint_id)
    hooks.deliver(message_id)
    services.webhooks.resume(DPO, endpoint_id)
    key = message_key(message_id)
    services.dynamodb.delete_item(
        TableName=services.settings.records_table, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}}
    )
    assert services.webhook_redrive.run(DPO, endpoint_id).count == 1
    assert hooks.letters(endpoint_id) == []
    assert again(services, message_id) == []


# --- what the relay makes of it ------------------------------------------------------------------


@pytest.mark.parametrize("is_again", [False, True])
def test_the_queue_hears_of_an_event_as_its_endpoints(
    hooks: Hooks, services: Services, endpoint_id: str, *, is_again: bool
) -> None:
    message_id = hooks.queue(endpoint_id)
    if is_again:
        services.webhooks.pause(DPO, endpoint_id)
        hooks.deliver(message_id)
        services.webhooks.resume(DPO, endpoint_id)
        services.webhook_redrive.run(DPO, endpoint_id)
        (inserted,) = again(services, message_id)
    else:
        inserted = hooks.look(message_id).item
    event = {"Records": [{"eventName": "INSERT", "dynamodb": {"NewImage": encode(inserted)}}]}
    sqs: Any = Sqs()
    assert Relay(sqs, {Channel.MAIL: "mail", Channel.WEBHOOK: "webhooks"}).forward(event) == 0
    assert sqs.urls == {"webhooks"}
    (entry,) = sqs.entries
    assert json.loads(entry["MessageBody"]) == {"id": message_id}
    assert entry["MessageGroupId"] == endpoint_id  # SQS's fair queues tell tenants by it

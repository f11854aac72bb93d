"""Sending under every fault that there is: nothing is lost, and at most one mail comes twice."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from chalicelib.clock import from_millis
from chalicelib.notices.consumer import Later
from chalicelib.notices.messages import TEMPLATES, Mail, Message, State
from chalicelib.notices.outbox import message_key
from chalicelib.notices.outbox_store import LEASE, OutboxStore
from chalicelib.notices.ses import MailUnavailable, OutcomeUnknown
from chalicelib.services import Services
from chalicelib.tables.conditions import PRESENT
from chalicelib.tables.transactions import Action, transact
from chalicelib.vault.keys import Scope
from tests.contract.moto_tables import SESSION
from tests.contract.post import ADDRESS, CODE, SENDER, Post, parsed, refusal
from tests.contract.test_tables import at_once
from tests.fakes import FixedClock

SILENCE = ReadTimeoutError(endpoint_url="x")


class Killed(BaseException):
    """The process ends here: no handler of ours sees it."""


@pytest.fixture
def post(services: Services) -> Post:
    return Post(services)


def test_a_mail_goes_out_once_however_often_the_queue_names_it(post: Post) -> None:
    message_id = post.queue()
    for _ in range(3):
        post.deliver(message_id)
    (sent,) = post.client.taken
    assert (sent["Source"], sent["Destinations"]) == (SENDER, [ADDRESS])
    assert sent["ConfigurationSetName"] == "mail"
    assert sent["Tags"] == [{"Name": "jaga-message-id", "Value": message_id}]
    assert post.look(message_id).state is State.SENT
    assert post.store.message_of_receipt("ses-1") == message_id
    assert CODE in parsed(post.client.raw[0]).get_body().get_content()  # type: ignore[union-attr]  # it has one


@pytest.mark.parametrize(
    "failure",
    [
        refusal("Throttling", "Maximum sending rate exceeded."),
        refusal("ServiceUnavailable"),
        refusal("InternalFailure"),
        refusal("AccountSendingPausedException"),
        ConnectTimeoutError(endpoint_url="x"),
        EndpointConnectionError(endpoint_url="x"),
    ],
    ids=["throttled", "away", "failing", "paused", "unreachable", "nowhere"],
)
def test_what_passes_leaves_the_mail_waiting(post: Post, failure: Exception) -> None:
    message_id = post.queue()
    post.client.failures = [failure] * 3
    for _ in range(3):
        with pytest.raises(MailUnavailable):
            post.deliver(message_id)
        assert post.look(message_id).state is State.QUEUED
    post.deliver(message_id)
    assert len(post.client.taken) == 1
    assert (post.look(message_id).state, post.dead) == (State.SENT, 0)


def test_a_mail_whose_answer_was_lost_is_not_sent_again_behind_our_back(
    services: Services, clock: FixedClock
) -> None:
    sends: list[object] = []

    def lose_the_answer(request: object, **_: object) -> None:
        sends.append(request)
        raise ReadTimeoutError(endpoint_url="x")

    def create_client(service: str, **options: Any) -> Any:
        client = SESSION.client(service, **options)  # type: ignore[call-overload]  # any service
        client.meta.events.register_first("before-send.ses.SendRawEmail", lose_the_answer)
        return client

    here = Services(services.settings, clock=clock, ids=services.ids, create_client=create_client)
    message_id = Post(here).queue()
    record = {
        "messageId": "1",
        "receiptHandle": "handle",
        "body": json.dumps({"id": message_id}),
        "attributes": {"ApproximateReceiveCount": "1"},
        "eventSource": "aws:sqs",
    }
    assert here.mail_consumer.run({"Records": [record]})["batchItemFailures"]
    assert len(sends) == 1
    assert Post(here).look(message_id).state is State.SENDING


LIFE = TEMPLATES["sign_in_code"].life
TICK = timedelta(milliseconds=1)


def test_an_outage_that_mails_outlive_loses_nothing(post: Post, clock: FixedClock) -> None:
    message_ids = [post.queue() for _ in range(3)]
    post.client.failures += [refusal("ServiceUnavailable")] * 3 * 24
    for _ in range(24):
        for message_id in message_ids:
            with pytest.raises(MailUnavailable):
                post.deliver(message_id)
        clock.advance(LIFE / 25)
    for message_id in message_ids:
        post.deliver(message_id)
    ids = {parsed(raw)["X-Jaga-Message-Id"] for raw in post.client.raw}
    assert ids == set(message_ids)


def test_a_mail_is_of_use_to_the_end_of_its_life(post: Post, clock: FixedClock) -> None:
    early, late = post.queue(), post.queue()
    clock.advance(LIFE - TICK)
    post.deliver(early)
    clock.advance(TICK)
    post.deliver(late)
    assert [raw["Tags"][0]["Value"] for raw in post.client.taken] == [early]
    message = post.look(late)
    # Not among the dead: nobody has to do anything about it.
    assert (message.state, message.reason, post.dead) == (State.DEAD, "expired", 0)


def test_a_mail_that_expires_after_its_answer_got_lost_is_not_said_to_have_stayed(
    post: Post, clock: FixedClock
) -> None:
    message_id = post.queue()
    post.client.lost_answers = [SILENCE]
    with pytest.raises(OutcomeUnknown):
        post.deliver(message_id)
    clock.advance(LIFE)
    post.deliver(message_id)
    assert (len(post.client.taken), post.dead) == (1, 1)
    assert post.look(message_id).reason == "outcome_unknown"


def dies_before_marking(services: Services) -> OutboxStore:
    """A store whose consumer is killed when it would note that the mail went out."""

    def killed(build: Callable[[], Sequence[Action]]) -> None:
        raise Killed

    return OutboxStore(services.records, services.vault, services.clock, killed)


def dies_after_marking(services: Services) -> OutboxStore:
    """A store whose consumer is killed right after it noted that the mail went out."""

    def killed(build: Callable[[], Sequence[Action]]) -> None:
        transact(services.dynamodb, build())
        raise Killed

    return OutboxStore(services.records, services.vault, services.clock, killed)


def test_a_consumer_killed_before_its_mark_leads_to_one_duplicate_that_shows_as_one(
    post: Post, services: Services, clock: FixedClock
) -> None:
    message_id = post.queue()
    with pytest.raises(Killed):
        post.deliver(message_id, dies_before_marking(services))
    with pytest.raises(Later) as postponed:
        post.deliver(message_id)
    assert postponed.value.seconds == LEASE.seconds + 1
    clock.advance(LEASE)
    for _ in range(3):
        post.deliver(message_id)
    first, second = post.client.raw
    assert first == second
    assert parsed(second)["Message-ID"] == f"<{message_id}@jutsoo.test>"
    assert parsed(second)["X-Jaga-Message-Id"] == message_id


def test_a_consumer_killed_after_its_mark_leads_to_no_duplicate(
    post: Post, services: Services, clock: FixedClock
) -> None:
    message_id = post.queue()
    with pytest.raises(Killed):
        post.deliver(message_id, dies_after_marking(services))
    clock.advance(LEASE)
    post.deliver(message_id)
    assert len(post.client.taken) == 1


@pytest.mark.parametrize(
    "failure",
    [
        SILENCE,
        ConnectionClosedError(endpoint_url="x"),
        SSLError(endpoint_url="x", error=OSError()),
        ResponseParserError("no XML"),
        KeyError("MessageId"),
    ],
    ids=["silent", "closed", "cut off", "unreadable", "no id"],
)
def test_however_often_answers_get_lost_one_duplicate_leaves(
    post: Post, clock: FixedClock, failure: Exception
) -> None:
    message_id = post.queue()
    post.client.lost_answers = [failure] * 10
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            post.deliver(message_id)
        with pytest.raises(Later):
            post.deliver(message_id)
        assert post.look(message_id).state is State.SENDING
        clock.advance(LEASE)
    for _ in range(5):
        post.deliver(message_id)
        clock.advance(LEASE)
    first, second = post.client.raw
    assert first == second
    message = post.look(message_id)
    assert (message.state, message.reason, post.dead) == (State.DEAD, "outcome_unknown", 1)


def test_the_try_after_a_lost_answer_may_succeed(post: Post, clock: FixedClock) -> None:
    message_id = post.queue()
    post.client.lost_answers = [SILENCE]
    with pytest.raises(OutcomeUnknown):
        post.deliver(message_id)
    clock.advance(LEASE)
    post.deliver(message_id)
    assert (post.look(message_id).state, post.dead) == (State.SENT, 0)


def test_refusals_between_lost_answers_are_not_counted_and_count_nothing_down(
    post: Post, clock: FixedClock
) -> None:
    message_id = post.queue()
    post.client.lost_answers = [SILENCE] * 10
    for _ in range(2):
        post.client.failures = [refusal("Throttling")] * 3
        for _ in range(3):
            with pytest.raises(MailUnavailable):
                post.deliver(message_id)
        with pytest.raises(OutcomeUnknown):
            post.deliver(message_id)
        clock.advance(LEASE)
    post.deliver(message_id)
    assert (len(post.client.taken), post.look(message_id).reason) == (2, "outcome_unknown")


def test_consumers_that_die_one_after_another_send_one_duplicate(
    post: Post, services: Services, clock: FixedClock
) -> None:
    message_id = post.queue()
    for _ in range(2):
        with pytest.raises(Killed):
            post.deliver(message_id, dies_before_marking(services))
        clock.advance(LEASE)
    post.deliver(message_id, dies_before_marking(services))
    assert (len(post.client.taken), post.dead) == (2, 1)


def test_failures_before_the_mail_leaves_use_no_try_up(
    post: Post, services: Services, clock: FixedClock
) -> None:
    class Shut(OutboxStore):
        def open_mail(self, message: Message) -> Mail:
            raise Killed

    message_id = post.queue()
    shut = Shut(services.records, services.vault, clock, services.run_command)
    for _ in range(5):
        with pytest.raises(Killed):
            post.deliver(message_id, shut)
        clock.advance(LEASE)
    post.deliver(message_id)
    assert (post.look(message_id).state, len(post.client.taken)) == (State.SENT, 1)


def test_whoever_lost_its_claim_sends_nothing(
    post: Post, services: Services, clock: FixedClock
) -> None:
    class Slow(OutboxStore):
        def open_mail(self, message: Message) -> Mail:
            clock.advance(LEASE)
            self.claim(message.id)  # somebody else
            return super().open_mail(message)

    message_id = post.queue()
    slow = Slow(services.records, services.vault, clock, services.run_command)
    with pytest.raises(Later):
        post.deliver(message_id, slow)
    assert post.client.taken == []


def test_a_bounce_of_a_mail_whose_answer_got_lost_ends_it(post: Post, clock: FixedClock) -> None:
    message_id = post.queue()
    post.client.lost_answers = [SILENCE]
    with pytest.raises(OutcomeUnknown):
        post.deliver(message_id)
    post.store.report(message_id, State.BOUNCED, "permanent_general")
    clock.advance(LEASE)
    post.deliver(message_id)
    assert (len(post.client.taken), post.look(message_id).state) == (1, State.BOUNCED)


def test_a_bounce_that_comes_before_the_second_mail_leaves_keeps_it_here(
    post: Post, services: Services, clock: FixedClock
) -> None:
    class Reported(OutboxStore):
        def open_mail(self, message: Message) -> Mail:
            self.report(message.id, State.BOUNCED, "permanent_general")
            return super().open_mail(message)

    message_id = post.queue()
    reported = Reported(services.records, services.vault, clock, services.run_command)
    with pytest.raises(Later):
        post.deliver(message_id, reported)
    post.deliver(message_id)
    assert (post.client.taken, post.look(message_id).state) == ([], State.BOUNCED)


def test_a_bounce_before_the_mark_keeps_the_next_consumer_from_sending_again(
    post: Post, services: Services, clock: FixedClock
) -> None:
    message_id = post.queue()
    with pytest.raises(Killed):
        post.deliver(message_id, dies_before_marking(services))
    post.store.report(message_id, State.BOUNCED, "permanent_general")
    clock.advance(LEASE)
    post.deliver(message_id)
    assert len(post.client.taken) == 1


def test_a_bounce_that_overtakes_the_mark_stays(post: Post, services: Services) -> None:
    def overtaken(build: Callable[[], Sequence[Action]]) -> None:
        reports = [State.BOUNCED]

        def build_slowly() -> Sequence[Action]:
            actions = build()
            while reports:
                services.outbox_store.report(message_id, reports.pop(), "permanent_general")
            return actions

        services.run_command(build_slowly)

    message_id = post.queue()
    slow = OutboxStore(services.records, services.vault, services.clock, overtaken)
    post.deliver(message_id, slow)
    message = post.look(message_id)
    assert (message.state, message.reason) == (State.BOUNCED, "permanent_general")
    assert post.store.message_of_receipt("ses-1") == message_id


def test_of_many_consumers_at_once_one_sends(racing: Services) -> None:
    post = Post(racing)
    message_id = post.queue()
    outcomes = at_once(6, lambda _: post.deliver(message_id))
    assert len(post.client.taken) == 1
    assert all(outcome is None or isinstance(outcome, Later) for outcome in outcomes)
    assert post.look(message_id).state is State.SENT


@pytest.mark.parametrize("code", ["MessageRejected", "InvalidParameterValue"])
def test_what_ses_refuses_for_good_is_dead_and_counted(post: Post, code: str) -> None:
    message_id = post.queue()
    post.client.failures = [refusal(code, f"Illegal address {ADDRESS}")]
    post.deliver(message_id)
    post.deliver(message_id)
    message = post.look(message_id)
    assert (message.state, message.reason, post.dead) == (State.DEAD, "mail_refused", 1)
    assert post.client.taken == []


def test_whoever_lost_its_claim_neither_buries_nor_counts(
    post: Post, services: Services, clock: FixedClock
) -> None:
    class Slow(OutboxStore):
        def hand_over(self, message: Message) -> bool:
            counted = super().hand_over(message)
            clock.advance(LEASE)
            self.claim(message.id)  # somebody else
            return counted

    message_id = post.queue()
    post.client.failures = [refusal("MessageRejected")]
    slow = Slow(services.records, services.vault, clock, services.run_command)
    post.deliver(message_id, slow)
    assert (post.look(message_id).state, post.dead) == (State.SENDING, 0)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("MessageRejected", "Email address is not verified. The following identities failed: x"),
        ("AccessDenied", ""),
        ("ConfigurationSetDoesNotExist", ""),
    ],
)
def test_what_somebody_has_to_mend_kills_no_mail(post: Post, code: str, text: str) -> None:
    message_id = post.queue()
    post.client.failures = [refusal(code, text)]
    post.client.failures *= 3
    for _ in range(3):
        with pytest.raises(ClientError):
            post.deliver(message_id)
    post.deliver(message_id)
    assert (len(post.client.taken), post.dead) == (1, 0)


def test_a_mail_whose_key_is_gone_is_dead_and_not_tried_for_ever(
    post: Post, services: Services
) -> None:
    message_id = post.queue()
    scope = Scope.messages("mail", from_millis(post.look(message_id).at).date())
    services.run_command(lambda: services.keyring.destroy_actions(scope))
    services.keyring.forget(scope)
    post.deliver(message_id)
    message = post.look(message_id)
    assert (message.state, message.reason, post.dead) == (State.DEAD, "key_destroyed", 1)


def test_a_mail_that_somebody_changed_is_dead(post: Post, services: Services) -> None:
    message_id = post.queue()
    services.records.update(message_key(message_id), PRESENT, put={"about": "01JOTHER"})
    post.deliver(message_id)
    assert post.look(message_id).reason == "seal_broken"
    assert post.client.taken == []


def test_an_address_that_smtp_does_not_take_is_dead(post: Post) -> None:
    message_id = post.queue(to="jörg@example.test")
    post.deliver(message_id)
    assert post.look(message_id).reason == "unfit_for_mail"


def test_a_message_that_expired_among_the_dead_letters_is_done(post: Post) -> None:
    post.deliver("01JGONE")
    assert post.client.taken == []


@pytest.mark.parametrize("body", ["", "?", "[]", "{}", '{"id": "a#b"}'])
def test_a_queue_message_that_we_never_wrote_goes_to_the_dead_letters(
    post: Post, body: str
) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        post.delivery().deliver(body)

"""Between stream and consumer: the relay, the batches, the dead letters and their way back."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from chalicelib.notices import consumer, relay
from chalicelib.notices.__main__ import main
from chalicelib.notices.consumer import MAIL_RECEIVES, RECEIVES, Consumer, Later, pause_seconds
from chalicelib.notices.messages import Channel
from chalicelib.notices.redrive import redrive
from chalicelib.notices.relay import EntryRefused, Relay, RelayIncomplete
from chalicelib.services import Services
from tests.contract.moto_tables import SESSION
from tests.contract.post import Post
from tests.fakes import FixedClock

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass
class Queues:
    """A queue per channel, the mail's with dead letters after two receives."""

    sqs: "SQSClient"
    mail: str
    webhook: str
    dead_letters: str

    @property
    def relay(self) -> Relay:
        return Relay(self.sqs, {Channel.MAIL: self.mail, Channel.WEBHOOK: self.webhook})

    def bodies(self, url: str) -> list[str]:
        """What waits in the queue at `url`; afterwards it is empty."""
        found: list[str] = []
        while received := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in received:
                found.append(message["Body"])
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def batch(self, url: str) -> dict[str, Any]:
        """A Lambda event with what waits in the queue at `url`."""
        received = self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        ).get("Messages", [])
        return {
            "Records": [
                {
                    "messageId": message["MessageId"],
                    "receiptHandle": message["ReceiptHandle"],
                    "body": message["Body"],
                    "attributes": message["Attributes"],
                    "eventSource": "aws:sqs",
                }
                for message in received
            ]
        }


@pytest.fixture
def queues(services: Services) -> Queues:
    sqs = SESSION.client("sqs")
    dead_letters = sqs.create_queue(QueueName="dead")["QueueUrl"]
    target = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])
    policy = {"deadLetterTargetArn": target["Attributes"]["QueueArn"], "maxReceiveCount": 2}
    mail = sqs.create_queue(QueueName="mail", Attributes={"RedrivePolicy": json.dumps(policy)})
    webhook = sqs.create_queue(QueueName="webhook")
    return Queues(sqs, mail["QueueUrl"], webhook["QueueUrl"], dead_letters)


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    # What a log line holds is tests/unit/test_telemetry.py's: the type and the frames.
    failures: list[Exception] = []
    for module in (consumer, relay):
        monkeypatch.setattr(module, "log_failure", lambda error, _: failures.append(error))
    return failures


def inserted(message_id: str, channel: str = "mail", **changes: Any) -> dict[str, Any]:
    image = {
        "pk": {"S": f"OUTBOX#{message_id}"},
        "sk": {"S": "MESSAGE"},
        "et": {"S": "outbox_message"},
        "channel": {"S": channel},
        "sealed": {"B": "AAAA"},
        **changes,
    }
    return {"eventName": "INSERT", "dynamodb": {"NewImage": image}}


def ids(bodies: list[str]) -> list[str]:
    return sorted(json.loads(body)["id"] for body in bodies)


# --- the relay ---------------------------------------------------------------------------------


def test_a_message_goes_to_its_channels_queue_by_its_id_alone(queues: Queues) -> None:
    event = {"Records": [inserted("01JA"), inserted("01JB", "webhook")]}
    assert queues.relay.forward(event) == 0
    assert queues.bodies(queues.mail) == ['{"id": "01JA"}']
    assert queues.bodies(queues.webhook) == ['{"id": "01JB"}']


def test_a_full_stream_batch_fits(queues: Queues) -> None:
    names = [f"01J{number:03d}" for number in range(100)]
    queues.relay.forward({"Records": [inserted(name) for name in names]})
    assert ids(queues.bodies(queues.mail)) == names


def test_changes_of_a_message_start_nothing(queues: Queues) -> None:
    change = {**inserted("01JA"), "eventName": "MODIFY"}
    removal = {"eventName": "REMOVE", "dynamodb": {"Keys": {}}}
    assert queues.relay.forward({"Records": [change, removal]}) == 0
    assert queues.bodies(queues.mail) == []


@pytest.mark.parametrize(
    "poison",
    [
        inserted("01JA", "pigeon"),
        inserted("01JA", et={"S": "site"}),
        inserted("01JA", pk={"N": "1"}),
        inserted("01JA", "webhook", endpoint={"S": ""}),
        inserted("01JA", "webhook", endpoint={"S": "a b"}),
        inserted("01JA", "webhook", endpoint={"S": "A" * 129}),
        {"eventName": "INSERT", "dynamodb": {}},
        {},
    ],
    ids=[
        "channel",
        "type",
        "no text",
        "no endpoint",
        "broken endpoint",
        "long endpoint",
        "no image",
        "nothing",
    ],
)
def test_poison_does_not_hold_up_what_is_around_it(
    queues: Queues, logged: list[Exception], poison: dict[str, Any]
) -> None:
    event = {"Records": [inserted("01JB"), poison, inserted("01JC")]}
    assert queues.relay.forward(event) == 1
    assert ids(queues.bodies(queues.mail)) == ["01JB", "01JC"]
    assert len(logged) == 1


def test_what_a_queue_does_not_take_comes_again_and_goes_out_once(
    queues: Queues, services: Services
) -> None:
    post = Post(services)
    message_id = post.queue()

    class Throttled:
        def send_message_batch(self, **parameters: Any) -> Any:
            taken = queues.sqs.send_message_batch(**parameters)
            failed = {"Id": "1", "SenderFault": False, "Code": "ServiceUnavailable"}
            return {"Successful": taken["Successful"], "Failed": [failed]}

    event = {"Records": [inserted(message_id), inserted(post.queue())]}
    half = Relay(cast("Any", Throttled()), {Channel.MAIL: queues.mail})
    with pytest.raises(RelayIncomplete):
        half.forward(event)
    queues.relay.forward(event)
    bodies = queues.bodies(queues.mail)
    assert len(bodies) == 4
    for body in bodies:
        post.delivery().deliver(body)
    assert len(post.client.taken) == 2


@dataclass
class Choosy:
    """SQS that refuses the first entry of every batch, as the sender's fault or its own."""

    sqs: "SQSClient"
    code: str
    sender_fault: bool

    def send_message_batch(self, QueueUrl: str, Entries: list[Any]) -> Any:  # noqa: N803  # boto3's
        first, *rest = Entries
        if rest:
            self.sqs.send_message_batch(QueueUrl=QueueUrl, Entries=rest)
        fault = {"Id": first["Id"], "SenderFault": self.sender_fault, "Code": self.code}
        return {"Successful": [], "Failed": [fault]}


def test_what_a_queue_will_never_take_is_passed_over(
    queues: Queues, logged: list[Exception]
) -> None:
    choosy = Choosy(queues.sqs, "InvalidParameterValue", sender_fault=True)
    relay = Relay(cast("Any", choosy), {Channel.MAIL: queues.mail})
    assert relay.forward({"Records": [inserted(f"01J{number:02d}") for number in range(12)]}) == 2
    assert len(queues.bodies(queues.mail)) == 10
    assert [type(error) for error in logged] == [EntryRefused] * 2


@pytest.mark.parametrize(
    ("code", "sender_fault"),
    [("InternalError", False), ("RequestThrottled", True), ("KmsThrottled", True)],
)
def test_what_a_queue_may_take_later_is_never_passed_over(
    queues: Queues, code: str, sender_fault: bool
) -> None:
    choosy = Choosy(queues.sqs, code, sender_fault)
    relay = Relay(cast("Any", choosy), {Channel.MAIL: queues.mail})
    with pytest.raises(RelayIncomplete):
        relay.forward({"Records": [inserted("01JA"), inserted("01JB")]})


# --- batches -----------------------------------------------------------------------------------


def failing_for(poison: str) -> Callable[[str], None]:
    def handle(body: str) -> None:
        if body == poison:
            raise ValueError(body)

    return handle


def longest(low: float, high: float) -> float:
    assert low == high / 2
    return high


def test_only_what_failed_comes_again(queues: Queues, logged: list[Exception]) -> None:
    for body in ("good", "bad", "better"):
        queues.sqs.send_message(QueueUrl=queues.mail, MessageBody=body)
    event = queues.batch(queues.mail)
    bad = next(each["messageId"] for each in event["Records"] if each["body"] == "bad")
    work = Consumer(queues.sqs, queues.mail, failing_for("bad"), jitter=longest)
    assert work.run(event) == {"batchItemFailures": [{"itemIdentifier": bad}]}
    assert [type(error) for error in logged] == [ValueError]


def test_a_batch_that_fails_whole_is_reported_like_any_other(
    queues: Queues, logged: list[Exception]
) -> None:
    queues.sqs.send_message(QueueUrl=queues.mail, MessageBody="bad")
    answer = Consumer(queues.sqs, queues.mail, failing_for("bad")).run(queues.batch(queues.mail))
    assert len(answer["batchItemFailures"]) == 1


def test_a_failed_message_is_hidden_for_its_pause(logged: list[Exception]) -> None:
    asked: list[dict[str, Any]] = []

    class Noting:
        def change_message_visibility(self, **parameters: Any) -> None:
            asked.append(parameters)
            raise OSError  # and when that fails the queue's own timeout holds

    record = {
        "messageId": "1",
        "receiptHandle": "handle",
        "body": "bad",
        "attributes": {"ApproximateReceiveCount": "3"},
        "eventSource": "aws:sqs",
    }
    work = Consumer(cast("Any", Noting()), "url", failing_for("bad"), jitter=longest)
    assert work.run({"Records": [record]})["batchItemFailures"] == [{"itemIdentifier": "1"}]
    assert asked == [{"QueueUrl": "url", "ReceiptHandle": "handle", "VisibilityTimeout": 120}]


def test_what_is_early_comes_again_as_nothing_out_of_order(
    queues: Queues, logged: list[Exception]
) -> None:
    asked: list[int] = []

    class Noting:
        def change_message_visibility(self, **parameters: Any) -> None:
            asked.append(parameters["VisibilityTimeout"])

    def early(_: str) -> None:
        raise Later(61)

    queues.sqs.send_message(QueueUrl=queues.mail, MessageBody="copy")
    answer = Consumer(cast("Any", Noting()), "url", early).run(queues.batch(queues.mail))
    assert len(answer["batchItemFailures"]) == 1
    assert (asked, logged) == ([61], [])


def test_what_failed_together_does_not_come_again_together(logged: list[Exception]) -> None:
    pauses: list[int] = []

    class Noting:
        def change_message_visibility(self, **parameters: Any) -> None:
            pauses.append(parameters["VisibilityTimeout"])

    record = {
        "messageId": "1",
        "receiptHandle": "handle",
        "body": "bad",
        "attributes": {"ApproximateReceiveCount": "100"},
        "eventSource": "aws:sqs",
    }
    for _ in range(10):
        Consumer(cast("Any", Noting()), "url", failing_for("bad")).run({"Records": [record]})
    assert len(set(pauses)) > 1
    assert all(450 <= pause <= 900 for pause in pauses)


def test_the_pauses_outlast_half_a_working_day() -> None:
    pauses = [pause_seconds(receives) for receives in range(1, RECEIVES)]
    assert pauses[:6] == [30, 60, 120, 240, 480, 900]
    assert max(pauses) == 900
    assert sum(pauses) / 2 > 11 * 60 * 60


def test_the_pauses_of_mail_outlast_what_the_law_gives_for_a_breach() -> None:
    pauses = [pause_seconds(receives) for receives in range(1, MAIL_RECEIVES)]
    assert sum(pauses) / 2 > 5 * 24 * 60 * 60  # 72 hours (GDPR 33(1), UU PDP 46(1)), and mending


# --- dead letters ------------------------------------------------------------------------------


def test_poison_ends_among_the_dead_letters_and_comes_back_when_told(
    queues: Queues, logged: list[Exception]
) -> None:
    for body in ("bad", "good"):
        queues.sqs.send_message(QueueUrl=queues.mail, MessageBody=body)
    broken = Consumer(queues.sqs, queues.mail, failing_for("bad"), jitter=lambda *_: 0)
    for _ in range(2):
        event = queues.batch(queues.mail)
        failed = {each["itemIdentifier"] for each in broken.run(event)["batchItemFailures"]}
        for record in event["Records"]:
            if record["messageId"] not in failed:  # as Lambda does
                queues.sqs.delete_message(
                    QueueUrl=queues.mail, ReceiptHandle=record["receiptHandle"]
                )
    assert queues.batch(queues.mail)["Records"] == []
    assert redrive(queues.sqs, queues.mail) == 1
    assert queues.bodies(queues.mail) == ["bad"]
    assert queues.bodies(queues.dead_letters) == []


def test_a_letter_is_deleted_only_when_its_queue_has_it(queues: Queues) -> None:
    class Refusing:
        def __getattr__(self, name: str) -> Any:
            return getattr(queues.sqs, name)

        def send_message(self, **_: object) -> None:
            raise ConnectionError

    letters = queues.dead_letters
    queues.sqs.send_message(QueueUrl=letters, MessageBody="letter")
    with pytest.raises(ConnectionError):
        redrive(cast("Any", Refusing()), queues.mail)
    waiting = queues.sqs.get_queue_attributes(QueueUrl=letters, AttributeNames=["All"])
    # Hidden until somebody who died over it would have been done.
    assert waiting["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "1"


@pytest.mark.parametrize("name", ["mail", "webhook", "feedback"])
def test_the_command_redrives_each_queue(
    queues: Queues, services: Services, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    # Only this queue is there: the other settings name none.
    services.settings = replace(services.settings, **{f"{name}_queue_url": queues.mail})
    queues.sqs.send_message(QueueUrl=queues.dead_letters, MessageBody="letter")
    assert main(["redrive", name]) == 0
    assert capsys.readouterr().out == "1 dead letters are back in the queue\n"
    assert queues.bodies(queues.mail) == ["letter"]


def test_a_code_that_comes_back_after_its_end_is_not_mailed(
    queues: Queues, services: Services, clock: FixedClock
) -> None:
    post = Post(services)
    message_id = post.queue()
    queues.sqs.send_message(
        QueueUrl=queues.dead_letters, MessageBody=json.dumps({"id": message_id})
    )
    clock.advance(timedelta(days=3))
    assert redrive(queues.sqs, queues.mail) == 1
    consumer_of_mail = Consumer(queues.sqs, queues.mail, post.delivery().deliver)
    assert consumer_of_mail.run(queues.batch(queues.mail)) == {"batchItemFailures": []}
    assert (post.client.taken, post.look(message_id).reason) == ([], "expired")


def test_many_dead_letters_come_back(queues: Queues) -> None:
    for number in range(25):
        queues.sqs.send_message(QueueUrl=queues.dead_letters, MessageBody=str(number))
    assert redrive(queues.sqs, queues.mail) == 25
    assert sorted(map(int, queues.bodies(queues.mail))) == list(range(25))

"""Queues, topics and mail: nothing is lost on the way or lies there in clear."""

from collections.abc import Iterator

from chalicelib.aws import CONNECT_SECONDS, READ_SECONDS
from infra.rules.document import Template, referred
from infra.rules.functions import counts_watched, has_alarm

GIVES_NOTHING_UP = {
    # A report that cannot be recorded comes again until it is a dead letter.
    "RecordFeedback",
    # An event that cannot be read, too.
    "TakeFindings",
}
"""Consumers that end no message by themselves."""

_GIVEN_UP = "dead"  # as services count it (`telemetry.report_counts`)
_MAIL_SET = "AWS::SES::ConfigurationSet"
_REPORTED = {"bounce", "complaint"}
_RECEIVES = 100  # with the pauses of chalicelib/notices/consumer.py at least 11 hours
_LONGEST_RETENTION = 14 * 24 * 60 * 60  # seconds, SQS's
_BATCH_SIZE = 10  # Lambda's, where an event names none
_TIMEOUTS_HIDDEN = 6  # AWS: "at least six times the timeout" of the function


def queued_messages_arrive(template: Template) -> Iterator[str]:
    """What a queue's consumer fails to do comes again, alone, for half a day, and is kept then.

    Its batch reports what failed; its queue hides a message for longer than the function lives.
    """
    queues = {queue.name: queue for queue in template.of_type("AWS::SQS::Queue")}
    for function, name, event in template.events("SQS"):
        where = f"{function.name}.{name}"
        if event.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{where}: one bad message takes its batch along"
        queue = queues.get(referred(event.get("Queue")))
        if queue is None:
            yield f"{where}: its queue is not in the template"
            continue
        if queue.properties.get("RedrivePolicy", {}).get("maxReceiveCount", 0) < _RECEIVES:
            yield f"{where}: an outage outlasts the receives of {queue.name}"
        if queue.properties.get("MessageRetentionPeriod") != _LONGEST_RETENTION:
            yield f"{where}: {queue.name} forgets before 14 days"
        hidden = queue.properties.get("VisibilityTimeout", 0)
        if hidden < _TIMEOUTS_HIDDEN * function.properties["Timeout"]:
            yield f"{where}: {queue.name} shows a message that is worked on"


def waiting_messages_are_noticed(template: Template) -> Iterator[str]:
    """Every queue that a function works has an alarm for the age of what waits in it."""
    alarms = list(template.of_type("AWS::CloudWatch::Alarm"))
    for function, _, event in template.events("SQS"):
        if not has_alarm(alarms, "ApproximateAgeOfOldestMessage", referred(event.get("Queue"))):
            yield f"{function.name} has no alarm for the age of what waits for it"


def consumers_tell_what_they_give_up(template: Template) -> Iterator[str]:
    """Every queue's consumer has an alarm for what it gives up by itself, past the dead letters.

    That the consumer counts under these names is asked in tests/contract/test_alarms.py.
    """
    alarms = list(template.of_type("AWS::CloudWatch::Alarm"))
    for function, _, _ in template.events("SQS"):
        if function.name not in GIVES_NOTHING_UP and not counts_watched(
            alarms, function.name, _GIVEN_UP
        ):
            yield f"{function.name} has no alarm for what it gives up"


def topics_encrypted(template: Template) -> Iterator[str]:
    """Every topic is encrypted with a key of ours."""
    for topic in template.of_type("AWS::SNS::Topic"):
        if not referred(topic.properties.get("KmsMasterKeyId")):
            yield f"{topic.name} is not encrypted with a key of ours"


def mail_is_not_read_on_its_way(template: Template) -> Iterator[str]:
    """Mail goes to servers with TLS only: what it holds signs its reader in."""
    for mail_set in template.of_type(_MAIL_SET):
        if mail_set.properties.get("DeliveryOptions", {}).get("TlsPolicy") != "REQUIRE":
            yield f"{mail_set.name} sends mail in clear to servers without TLS"


def bounces_and_complaints_come_back(template: Template) -> Iterator[str]:
    """SES reports both of every mail, or a message would stay `sent`; and nothing about readers."""
    reported: dict[str, set[str]] = {
        mail_set.name: set() for mail_set in template.of_type(_MAIL_SET)
    }
    for reports in template.of_type("AWS::SES::ConfigurationSetEventDestination"):
        destination = reports.properties["EventDestination"]
        topic = referred(destination.get("SnsDestination", {}).get("TopicARN"))
        if destination.get("Enabled") is True and topic:
            name = referred(reports.properties["ConfigurationSetName"])
            reported.setdefault(name, set()).update(destination["MatchingEventTypes"])
    for name, events in reported.items():
        for event in sorted(_REPORTED ^ events):
            yield f"{name} reports {event}" if event in events else f"{name} is silent on a {event}"


def mails_fit_into_a_run(template: Template) -> Iterator[str]:
    """Whoever sends mail lives to hear what became of each, even when SES answers none in time.

    A function that ends before leaves mails behind of which nobody knows whether they left.
    """
    seconds = CONNECT_SECONDS + READ_SECONDS  # ses.py asks once
    senders = {
        statement.where
        for statement in template.statements()
        if statement.allows and any(action.startswith("ses:Send") for action in statement.actions)
    }
    for function, name, event in template.events("SQS"):
        longest = event.get("BatchSize", _BATCH_SIZE) * seconds
        sends = referred(function.properties["Role"]) in senders
        if sends and longest >= function.properties["Timeout"]:
            yield f"{function.name}.{name}: a batch may wait {longest} seconds for SES"


def reports_are_not_mailed(template: Template) -> Iterator[str]:
    """No identity has SES mail bounces and complaints on: they name the reader, in clear."""
    for identity in template.of_type("AWS::SES::EmailIdentity"):
        if identity.properties.get("FeedbackAttributes") != {"EmailForwardingEnabled": False}:
            yield f"{identity.name} has addresses mailed to the sender's mailbox"


queue_rules = (
    queued_messages_arrive,
    waiting_messages_are_noticed,
    consumers_tell_what_they_give_up,
    mails_fit_into_a_run,
    topics_encrypted,
    mail_is_not_read_on_its_way,
    bounces_and_complaints_come_back,
    reports_are_not_mailed,
)

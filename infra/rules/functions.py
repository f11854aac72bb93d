"""Functions and what carries their failures: queues, logs, alarms."""

import re
from collections.abc import Iterator
from typing import Any

from chalicelib.telemetry import NAMESPACE
from infra.rules.document import Resource, Template, referred

_STREAM_FORGETS = 24 * 60 * 60  # seconds, DynamoDB's
_SHORTEST_OUTAGE = 12 * 60 * 60  # seconds that must be waited out


def functions_sized(template: Template) -> Iterator[str]:
    """The runtime that the wheels are for, memory that gives enough CPU, traces."""
    for function in template.functions():
        properties = function.properties
        if (properties.get("Runtime"), properties.get("Architectures")) != (
            "python3.13",
            ["x86_64"],
        ):
            yield f"{function.name} runs on other than python3.13 on x86_64"
        if properties.get("MemorySize", 0) < 512:
            yield f"{function.name} has less than 512 MB"
        if properties.get("Tracing") != "Active":
            yield f"{function.name} is not traced"


def functions_log_for_a_time(template: Template) -> Iterator[str]:
    """Every function writes into a log group of its own from this template."""
    groups = {group.name for group in template.of_type("AWS::Logs::LogGroup")}
    used: set[str] = set()
    for function in template.functions():
        group = referred(function.properties.get("LoggingConfig", {}).get("LogGroup"))
        if group not in groups:
            yield f"{function.name} has no log group of its own"
        if group in used:
            yield f"{function.name} shares {group}"
        used.add(group)


def logs_end(template: Template) -> Iterator[str]:
    """Every log group forgets after a number of days, and is encrypted with a key of ours."""
    for group in template.of_type("AWS::Logs::LogGroup"):
        if "RetentionInDays" not in group.properties:
            yield f"{group.name} keeps its lines forever"
        if not referred(group.properties.get("KmsKeyId")):
            yield f"{group.name} is not encrypted with a key of ours"


def failed_runs_arrive(template: Template) -> Iterator[str]:
    """A scheduled run that failed after bounded retries, or could not start, goes to a queue."""
    for function, name, event in template.events("Schedule"):
        invoke = function.properties.get("EventInvokeConfig", {})
        if not _destination(invoke):
            yield f"{function.name}.{name}: a failed run leaves no trace"
        if "MaximumRetryAttempts" not in invoke:
            yield f"{function.name}.{name}: retries are not bounded"
        if not referred(event.get("DeadLetterConfig", {}).get("Arn")):
            yield f"{function.name}.{name}: an undelivered event leaves no trace"


def failed_records_arrive(template: Template) -> Iterator[str]:
    """Records of a stream are tried again until shortly before it forgets them, then go to a queue.

    A count of tries would give them up during an outage. That one record holds up all the others
    is for its handler to prevent.
    """
    for function, name, event in template.events("DynamoDB"):
        if not _destination(event):
            yield f"{function.name}.{name}: records that were given up leave no trace"
        if event.get("MaximumRetryAttempts") != -1:
            yield f"{function.name}.{name}: an outage outlasts the retries"
        age = event.get("MaximumRecordAgeInSeconds", -1)
        if not _SHORTEST_OUTAGE <= age < _STREAM_FORGETS:
            yield f"{function.name}.{name}: records go before or without word of it"
        if event.get("BisectBatchOnFunctionError") is not True:
            yield f"{function.name}.{name}: one bad record takes its batch along"


def known_events(template: Template) -> Iterator[str]:
    """No function is started by a kind of event that no rule here looks at."""
    for function in template.functions():
        for name, event in function.properties.get("Events", {}).items():
            if event["Type"] not in {"DynamoDB", "SQS", "Schedule"}:
                yield f"{function.name}.{name} is of the unknown kind {event['Type']}"


def queues_are_or_have_dead_letters(template: Template) -> Iterator[str]:
    """Every queue takes dead letters or has a queue that does; every queue is encrypted."""
    taking = set(_dead_letter_queues(template))
    for queue in template.of_type("AWS::SQS::Queue"):
        if queue.name not in taking and "RedrivePolicy" not in queue.properties:
            yield f"{queue.name} has no queue for its dead letters"
        managed = queue.properties.get("SqsManagedSseEnabled") is True
        if not managed and not referred(queue.properties.get("KmsMasterKeyId")):
            yield f"{queue.name} is not encrypted"


def every_job_has_its_alarms(template: Template) -> Iterator[str]:
    """Errors for each function, age for each stream and a count of what its reader passes over, a
    heartbeat for each schedule, depth of dead letters for each queue that takes them."""
    alarms = list(template.of_type("AWS::CloudWatch::Alarm"))
    for function in template.functions():
        if not has_alarm(alarms, "Errors", function.name):
            yield f"{function.name} has no alarm for errors"
    for function, _, _ in template.events("DynamoDB"):
        if not has_alarm(alarms, "IteratorAge", function.name):
            yield f"{function.name} has no alarm for its lag"
        if not counts_watched(alarms, function.name):
            yield f"{function.name} has no alarm for what it passes over"
    for function, _, _ in template.events("Schedule"):
        if not has_alarm(alarms, "Invocations", function.name, TreatMissingData="breaching"):
            yield f"{function.name} has no heartbeat that alarms when it stops"
    for queue in _dead_letter_queues(template):
        if not has_alarm(alarms, "ApproximateNumberOfMessagesVisible", queue):
            yield f"{queue} has no alarm for its depth"


def alarms_can_notify(template: Template) -> Iterator[str]:
    """Every alarm goes to the operator's topic, says what it means, and says what silence means."""
    for alarm in template.of_type("AWS::CloudWatch::Alarm"):
        for name in ("AlarmActions", "AlarmDescription", "TreatMissingData"):
            if not alarm.properties.get(name):
                yield f"{alarm.name} has no {name}"


def has_alarm(alarms: list[Resource], metric: str, subject: str, **properties: str) -> bool:
    """Whether one of `alarms` looks at `metric` of the resource `subject`, with `properties`."""
    return any(
        alarm.properties.get("MetricName") == metric
        and subject in {referred(each["Value"]) for each in alarm.properties.get("Dimensions", [])}
        and all(alarm.properties.get(name) == value for name, value in properties.items())
        for alarm in alarms
    )


def counts_watched(alarms: list[Resource], function: str, metric: str | None = None) -> bool:
    """Whether one of `alarms` looks at what the function itself counts, at `metric` if given.

    It counts under its own name and its stage (`telemetry.report_counts`).
    """
    service = re.sub(r"(?<!^)(?=[A-Z])", "_", function).lower()
    counted = [{"Name": "service", "Value": service}, {"Name": "stage", "Value": {"Ref": "Stage"}}]
    return any(
        alarm.properties.get("Namespace") == NAMESPACE
        and alarm.properties.get("Dimensions") == counted
        and metric in {None, alarm.properties.get("MetricName")}
        for alarm in alarms
    )


def _destination(properties: dict[str, Any]) -> str:
    on_failure = properties.get("DestinationConfig", {}).get("OnFailure", {})
    return referred(on_failure.get("Destination"))


def _dead_letter_queues(template: Template) -> list[str]:
    found = set()
    for function in template.functions():
        found.add(_destination(function.properties.get("EventInvokeConfig", {})))
        for event in function.properties.get("Events", {}).values():
            found.add(_destination(event["Properties"]))
            found.add(referred(event["Properties"].get("DeadLetterConfig", {}).get("Arn")))
    for queue in template.of_type("AWS::SQS::Queue"):
        redrive = queue.properties.get("RedrivePolicy", {})
        found.add(referred(redrive.get("deadLetterTargetArn")))
    return sorted(found - {""})


function_rules = (
    functions_sized,
    functions_log_for_a_time,
    logs_end,
    failed_runs_arrive,
    failed_records_arrive,
    known_events,
    queues_are_or_have_dead_letters,
    every_job_has_its_alarms,
    alarms_can_notify,
)

"""What the functions count is what the alarms of the template look at, name for name.

infra/rules asks that the alarms are there; that they would ever ring is asked here.
"""

import json
from collections.abc import Callable
from types import SimpleNamespace

import pytest

import app
from chalicelib.audit import stream
from chalicelib.consents.statistics import reading
from chalicelib.notices import relay
from chalicelib.requests import watching
from chalicelib.requests.items import WATCHED, key_of_request
from chalicelib.services import Services
from infra.template import merged_template
from tests.contract.hooks import DPO, Hooks
from tests.contract.post import Post
from tests.contract.sqs import record
from tests.contract.test_edge import SCHEDULED

type Metric = tuple[str, str, frozenset[str], str]
"""Namespace, name, the dimensions' names, and the service that counts."""


def counted(lines: str) -> list[Metric]:
    """The metrics in what a function printed (CloudWatch's embedded metric format)."""
    found: list[Metric] = []
    for line in map(json.loads, lines.splitlines()):
        for block in line["_aws"]["CloudWatchMetrics"] if "_aws" in line else ():
            found += [
                (block["Namespace"], metric["Name"], frozenset(names), line["service"])
                for metric in block["Metrics"]
                for names in block["Dimensions"]
            ]
    return found


def watched() -> set[Metric]:
    """The metrics that the template's alarms look at, as far as functions count them."""
    found: set[Metric] = set()
    for resource in merged_template()["Resources"].values():
        if resource.get("Type") == "AWS::CloudWatch::Alarm":
            about = resource["Properties"]
            dimensions = {each["Name"]: each["Value"] for each in about.get("Dimensions", [])}
            service = str(dimensions.get("service"))
            found.add((about["Namespace"], about["MetricName"], frozenset(dimensions), service))
    return found


def give_a_mail_up(services: Services) -> None:
    message_id = Post(services).queue(to="jörg@example.test")  # SMTP takes no such address
    services.mail_consumer.run(record(json.dumps({"id": message_id})))


def give_an_event_up(services: Services) -> None:
    hooks = Hooks(services)
    endpoint_id = hooks.register().endpoint_id
    message_id = hooks.queue(endpoint_id)
    services.webhooks.pause(DPO, endpoint_id)
    services.webhook_consumer.run(record(json.dumps({"id": message_id})))


def fail_at_a_request(services: Services) -> None:
    key, listed = key_of_request("01JBROKEN"), {"due_pk": WATCHED, "due_sk": "0000000000001#01J"}
    services.records.put_new({"pk": key.pk, "sk": key.sk, **listed})
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)
    app.watch_requests(SCHEDULED, context)


def pass_a_message_over(_: Services) -> None:
    app.relay_outbox({"Records": [{}]}, None)


def pass_a_preference_over(_: Services) -> None:
    app.digest_preferences({"Records": [{}]}, None)


def pass_a_consent_over(_: Services) -> None:
    app.count_consents({"Records": [{}]}, None)


def pass_a_choice_over(_: Services) -> None:
    app.count_preferences({"Records": [{}]}, None)


@pytest.fixture(autouse=True)
def no_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    # A logger keeps the stream that was standard output when it was made.
    for module in (reading, relay, stream, watching):
        monkeypatch.setattr(module, "log_failure", lambda _error, _request_id: None)


@pytest.mark.parametrize(
    ("fail", "service", "metric"),
    [
        (give_a_mail_up, "send_mail", "dead"),
        (give_an_event_up, "send_webhooks", "dead"),
        (fail_at_a_request, "watch_requests", "failed"),
        (fail_at_a_request, "watch_requests", "watch_lag_seconds"),
        (pass_a_message_over, "relay_outbox", "senseless"),
        (pass_a_preference_over, "digest_preferences", "undigestible"),
        (pass_a_consent_over, "count_consents", "uncountable"),
        (pass_a_choice_over, "count_preferences", "uncountable"),
    ],
)
def test_what_is_counted_is_watched(
    services: Services,
    capsys: pytest.CaptureFixture[str],
    fail: Callable[[Services], None],
    service: str,
    metric: str,
) -> None:
    fail(services)
    (reported,) = (each for each in counted(capsys.readouterr().out) if each[1] == metric)
    assert reported[3] == service
    assert reported in watched()

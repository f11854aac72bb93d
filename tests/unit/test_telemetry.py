"""What the functions tell their operators, and what they must not.

In a process of their own: a logger keeps the stream that was standard output when it was made.
"""

import json
import subprocess
import sys

from chalicelib.telemetry import withhold_text

FAIL = """
from chalicelib.telemetry import log_failure
try:
    int("canary@example.test")
except ValueError as error:
    log_failure(error, "request-1")
"""
FAIL_AT_A_LINE = """
from chalicelib.connectors.places import UnreadableObject
from chalicelib.telemetry import log_failure
log_failure(UnreadableObject(7), "request-1")
"""
REPORT = """
from chalicelib.telemetry import report_counts
report_counts("checkpoint_trail", "local", {"lag_seconds": 7})
"""
HANDLE = """
import traceback
from types import SimpleNamespace
from chalicelib.telemetry import withhold_text
event = SimpleNamespace(context=SimpleNamespace(aws_request_id="request-1"))
try:
    withhold_text(event, lambda _: int("can" + "ary"))
except Exception:
    traceback.print_exc()
"""


def said_by(code: str) -> str:
    """Everything that `code` prints, on either stream."""
    return subprocess.run(
        [sys.executable, "-c", code], check=True, text=True, stdout=-1, stderr=subprocess.STDOUT
    ).stdout


def test_a_failure_names_its_type_and_places_but_never_its_text() -> None:
    (line,) = said_by(FAIL).splitlines()
    logged = json.loads(line)
    assert logged["error_type"] == "ValueError"
    assert logged["request_id"] == "request-1"
    assert logged["frames"] == ["<string>:4 <module>"]
    assert "canary" not in line


def test_the_line_of_what_cannot_be_read_is_said() -> None:
    assert json.loads(said_by(FAIL_AT_A_LINE))["line"] == 7
    assert "line" not in json.loads(said_by(FAIL))


def test_a_failed_handler_fails_without_its_text() -> None:
    line, *trace = said_by(HANDLE).splitlines()
    logged = json.loads(line)
    assert (logged["error_type"], logged["request_id"]) == ("ValueError", "request-1")
    assert logged["frames"][-1] == "<string>:7 <lambda>"
    assert trace[-1] == "chalicelib.telemetry.HandlerFailed: ValueError"
    assert "canary" not in line + "".join(trace)


def test_a_handler_that_succeeds_answers_what_it_answers() -> None:
    assert withhold_text(None, lambda _: {"batchItemFailures": []}) == {"batchItemFailures": []}


def test_counts_become_the_metrics_that_the_alarms_watch() -> None:
    metric = json.loads(said_by(REPORT))
    described = metric["_aws"]["CloudWatchMetrics"][0]
    assert described["Namespace"] == "Jaga"
    assert set(described["Dimensions"][0]) == {"service", "stage"}
    assert (metric["service"], metric["stage"], metric["lag_seconds"]) == (
        "checkpoint_trail",
        "local",
        [7.0],
    )

"""What the functions tell their operators, and what they must not."""

import json

import pytest

from chalicelib.telemetry import log_failure, report_counts


def test_a_failure_names_its_type_and_places_but_never_its_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    try:
        int("canary@example.test")
    except ValueError as error:
        log_failure(error, "request-1")
    said = capsys.readouterr()
    (line,) = said.out.strip().splitlines()
    logged = json.loads(line)
    assert logged["error_type"] == "ValueError"
    assert logged["request_id"] == "request-1"
    assert logged["frames"][0].startswith("test_telemetry.py:")
    assert "canary" not in said.out + said.err


def test_counts_become_the_metrics_that_the_alarms_watch(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report_counts("checkpoint_trail", "local", {"lag_seconds": 7})
    metric = json.loads(capsys.readouterr().out)
    described = metric["_aws"]["CloudWatchMetrics"][0]
    assert described["Namespace"] == "Jaga"
    assert set(described["Dimensions"][0]) == {"service", "stage"}
    assert (metric["service"], metric["stage"], metric["lag_seconds"]) == (
        "checkpoint_trail",
        "local",
        [7.0],
    )

"""How severe a breach is: ENISA's methodology, at its borders."""

import pytest

from chalicelib.incidents.assessing import score_of, severity_of
from chalicelib.incidents.models import Scores, Severity


@pytest.mark.parametrize(
    ("scores", "score", "severity"),
    [
        (Scores(1, 25, 0, 0, 0, malicious=False), 25, Severity.LOW),
        (Scores(2, 75, 25, 0, 0, malicious=False), 175, Severity.LOW),
        (Scores(2, 100, 0, 0, 0, malicious=False), 200, Severity.MEDIUM),
        (Scores(2, 100, 25, 25, 25, malicious=False), 275, Severity.MEDIUM),
        (Scores(2, 100, 50, 0, 0, malicious=True), 300, Severity.HIGH),
        (Scores(3, 100, 50, 25, 0, malicious=False), 375, Severity.HIGH),
        (Scores(4, 100, 0, 0, 0, malicious=False), 400, Severity.VERY_HIGH),
        (Scores(4, 100, 50, 50, 50, malicious=True), 600, Severity.VERY_HIGH),
    ],
)
def test_a_severity_is_context_times_ease_plus_circumstances(
    scores: Scores, score: int, severity: Severity
) -> None:
    assert (score_of(scores), severity_of(scores)) == (score, severity)

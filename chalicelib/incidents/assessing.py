"""How severe a breach is for people. Pure.

ENISA, Recommendations for a methodology of the assessment of severity of personal data breaches
(2013):

    severity = context (1-4) x ease of identification (0.25-1) + circumstances (0-2)

    below 2 low, below 3 medium, below 4 high, else very high

The circumstances are what was lost of confidentiality, integrity and availability (0, 0.25 or 0.5
each), and 0.5 where somebody meant harm. All is counted in hundredths.
"""

from chalicelib.incidents.models import Scores, Severity

_MALICE = 50
_BELOW = ((200, Severity.LOW), (300, Severity.MEDIUM), (400, Severity.HIGH))


def score_of(scores: Scores) -> int:
    """The severity's number, in hundredths: 25 to 600."""
    lost = scores.confidentiality + scores.integrity + scores.availability
    return scores.context * scores.ease + lost + (_MALICE if scores.malicious else 0)


def severity_of(scores: Scores) -> Severity:
    """What the number means."""
    score = score_of(scores)
    return next((each for limit, each in _BELOW if score < limit), Severity.VERY_HIGH)

"""The rules that every deployed template obeys. `python -m infra.rules` checks `dist/` by them.

A rule is a function from the packaged template to sentences, one for each breach. The tests show
for each rule a template that breaks it.
"""

from collections.abc import Callable, Iterator

from infra.rules.api import api_rules
from infra.rules.document import Template
from infra.rules.functions import function_rules
from infra.rules.identity import identity_rules
from infra.rules.permissions import permission_rules
from infra.rules.queues import queue_rules
from infra.rules.storage import storage_rules

type Rule = Callable[[Template], Iterator[str]]

RULES: tuple[Rule, ...] = (
    *permission_rules,
    *storage_rules,
    *function_rules,
    *queue_rules,
    *api_rules,
    *identity_rules,
)


def breaches(template: Template) -> list[str]:
    """Every breach of every rule, one sentence each."""
    return [f"{rule.__name__}: {breach}" for rule in RULES for breach in rule(template)]

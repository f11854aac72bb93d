"""Loads the policy from its TOML files and checks what no single file can check.

    policy.toml          the document: dates, hash of the published text
    01-….toml … 12-….toml  one file per section, in the policy's order

Nothing is read when this module is imported; the first call of `policy` reads and validates all
files and every later one answers from memory.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import chain
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from chalicelib.errors import Internal
from chalicelib.inventory.models import Policy

DIRECTORY = Path(__file__).parent / "policy"
FILES: Mapping[str, str] = {
    "document": "policy.toml",
    "scope": "01-scope.toml",
    "data": "02-data.toml",
    "collection": "03-collection.toml",
    "purposes": "04-purposes.toml",
    "cookies": "05-cookies.toml",
    "retention": "06-retention.toml",
    "security": "07-security.toml",
    "rights": "08-rights.toml",
    "sharing": "09-sharing.toml",
    "incidents": "10-incidents.toml",
    "updates": "11-updates.toml",
    "contacts": "12-contacts.toml",
}


class PolicyInvalid(Internal):
    """The encoded policy contradicts its models or itself; ``problems`` lists every finding."""

    code = "policy_invalid"

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@cache
def policy() -> Policy:
    """Return the policy that ships with this code, read once per process.

    Raises PolicyInvalid, which a release cannot do: the same files pass the tests first.
    """
    return load(DIRECTORY)


def load(directory: Path) -> Policy:
    """Read and validate the policy's files in `directory`.

    Raises PolicyInvalid with all findings of the first stage that has any: the set of files,
    their syntax, their models, their references to one another.
    """
    tables = _read(directory)
    try:
        loaded = Policy.model_validate(tables)
    except ValidationError as invalid:
        raise PolicyInvalid(*map(_finding, invalid.errors(include_input=False))) from None
    problems = tuple(cross_problems(loaded))
    if problems:
        raise PolicyInvalid(*problems)
    return loaded


def cross_problems(policy: Policy) -> Iterator[str]:
    """Yield every contradiction between sections, as a sentence that names the ids."""
    return chain(
        _section_problems(policy),
        _id_problems(policy),
        _purpose_problems(policy),
        _cookie_problems(policy),
        _retention_problems(policy),
        _reference_problems(policy),
    )


def _read(directory: Path) -> dict[str, object]:
    present = {path.name for path in directory.glob("*.toml")}
    expected = set(FILES.values())
    if present != expected:
        missing = [f"{name} is missing" for name in sorted(expected - present)]
        strays = [f"{name} belongs to no section" for name in sorted(present - expected)]
        raise PolicyInvalid(*missing, *strays)
    tables: dict[str, object] = {}
    for field, name in FILES.items():
        try:
            tables[field] = tomllib.loads((directory / name).read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            raise PolicyInvalid(f"{name} is no TOML") from None
    return tables


def _finding(error: ErrorDetails) -> str:
    field, *inside = map(str, error["loc"])
    return f"{FILES.get(field, field)} at {'.'.join(inside) or 'top'}: {error['msg']}"


def _section_problems(policy: Policy) -> Iterator[str]:
    for number, section in enumerate(policy.sections, start=1):
        if section.section.number != number:
            yield f"section {number} calls itself {section.section.number}"


def _id_problems(policy: Policy) -> Iterator[str]:
    named: Mapping[str, Iterable[str]] = {
        "framework": (each.id for each in policy.document.frameworks),
        "channel": (each.id for each in policy.scope.channels),
        "subject": (each.id for each in policy.scope.subjects),
        "role": (each.role for each in policy.scope.roles),
        "category": (each.id for each in policy.data.categories),
        "item": (each.id for each in policy.items),
        "method": (each.id for each in policy.collection.methods),
        "basis": (each.id for each in policy.purposes.bases),
        "purpose": (each.id for each in policy.all_purposes),
        "cookie type": (each.id for each in policy.cookies.types),
        "rule": (each.id for each in policy.retention.rules),
        "measure": (each.id for each in policy.security.measures),
        "right": (each.id for each in policy.rights.rights),
        "recipient": (each.id for each in policy.sharing.recipients),
        "transfer ground": (each.id for each in policy.sharing.transfers),
        "promise": (each.id for each in policy.incidents.promises),
        "duty": (each.id for each in policy.updates.duties),
        "notice content": (each.id for each in policy.updates.contents),
        "contact": (each.id for each in policy.contacts.contacts),
    }
    for kind, ids in named.items():
        yield from (f"{kind} {each} occurs {n} times" for each, n in Counter(ids).items() if n > 1)


def _purpose_problems(policy: Policy) -> Iterator[str]:
    bases = {basis.id for basis in policy.purposes.bases}
    used: set[str] = set()
    for purpose in policy.all_purposes:
        yield from _unknown(f"purpose {purpose.id}", "basis", purpose.bases, bases)
        used.update(purpose.categories)
    for purpose in policy.purposes.purposes:
        if purpose.section not in (3, 4):
            yield f"purpose {purpose.id} does not belong to section {purpose.section}"
    for category in policy.data.categories:
        if category.id not in used:
            yield f"category {category.id} is held for no purpose"


def _cookie_problems(policy: Policy) -> Iterator[str]:
    purposes = {purpose.id: purpose for purpose in policy.cookies.purposes}
    used: set[str] = set()
    for purpose in policy.cookies.purposes:
        if purpose.section != 5:
            yield f"purpose {purpose.id} does not belong to section {purpose.section}"
    for kind in policy.cookies.types:
        owner = f"cookie type {kind.id}"
        yield from _unknown(owner, "cookie purpose", kind.purposes, purposes)
        used.update(kind.purposes)
        for purpose in (purposes[name] for name in kind.purposes if name in purposes):
            if purpose.discretionary != kind.refusable:
                yield f"{owner} and its purpose {purpose.id} disagree whether it can be refused"
    for purpose_id in purposes:
        if purpose_id not in used:
            yield f"purpose {purpose_id} is served by no cookie type"


def _retention_problems(policy: Policy) -> Iterator[str]:
    items = {c.id: {item.id for item in c.items} for c in policy.data.categories}
    mandates = {rule.id for rule in policy.retention.rules if rule.kind == "mandate"}
    ruled: set[str] = set()
    for rule in policy.retention.rules:
        owner = f"rule {rule.id}"
        known = set(chain.from_iterable(items.get(name, ()) for name in rule.categories))
        yield from _unknown(owner, "item of its categories", rule.items, known)
        yield from _unknown(owner, "mandate", rule.yields_to, mandates)
        if rule.kind == "mandate" and rule.yields_to:
            yield f"{owner} is a mandate and yields to others"
        if rule.kind == "promise":
            ruled.update(rule.categories)
    for category in items:
        if category not in ruled:
            yield f"category {category} falls under no promise of retention"


def _reference_problems(policy: Policy) -> Iterator[str]:
    categories = {category.id for category in policy.data.categories}
    subjects = {subject.id for subject in policy.scope.subjects}
    purposes = {purpose.id for purpose in policy.all_purposes}
    contacts = {contact.id for contact in policy.contacts.contacts}
    for category in policy.data.categories:
        yield from _unknown(f"category {category.id}", "subject", category.subjects, subjects)
    for kind, owners in (
        ("method", policy.collection.methods),
        ("purpose", policy.all_purposes),
        ("rule", policy.retention.rules),
        ("recipient", policy.sharing.recipients),
    ):
        for owner in owners:
            yield from _unknown(f"{kind} {owner.id}", "category", owner.categories, categories)
    for recipient in policy.sharing.recipients:
        yield from _unknown(f"recipient {recipient.id}", "purpose", recipient.purposes, purposes)
    for right in policy.rights.rights:
        yield from _unknown(f"right {right.id}", "contact", (right.contact,), contacts)
    if [ground.rank for ground in policy.sharing.transfers] != [
        *range(1, len(policy.sharing.transfers) + 1)
    ]:
        yield "transfer grounds do not stand in the order of their ranks"


def _unknown(owner: str, kind: str, names: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    known = set(known)
    yield from (f"{owner} names no {kind}: {name}" for name in names if name not in known)

"""`make obligations`: which promises are kept, which are open, which no software can keep.

Run as ``python -m infra.obligations``. Prints the register as a table with counts and ends with 1
when the register is broken or names a test that does not exist, with 0 otherwise; open
obligations are no failure, they are the point of the list.

Named tests are looked up in the source (``ast``), nothing is imported or run: a node id must lead
to a test function of its file, a parametrised one to a function that is parametrised, and neither
to one that is skipped or expected to fail.
"""

import ast
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from chalicelib.inventory.policy import PolicyInvalid
from chalicelib.inventory.register import Obligation, Status, load

ROOT = Path(__file__).resolve().parent.parent
STATUSES: tuple[Status, ...] = ("kept", "open", "organisational")

type TestFunction = ast.FunctionDef | ast.AsyncFunctionDef
type Scope = ast.Module | ast.ClassDef


def broken_references(obligations: Iterable[Obligation], root: Path = ROOT) -> Iterator[str]:
    """Yield one sentence per named test that shows nothing: missing, skipped, not parametrised."""
    for obligation in obligations:
        for node_id in obligation.tests:
            if problem := _node_problem(node_id, root):
                yield f"{obligation.id}: {node_id} {problem}"


def render(obligations: Sequence[Obligation]) -> str:
    """Return the register as a table, grouped by status, with the counts at its end."""
    width = max(len(each.id) for each in obligations)
    lines: list[str] = []
    for status in STATUSES:
        group = [each for each in obligations if each.status == status]
        lines.append(f"{status.upper()} ({len(group)})")
        for each in group:
            lines.append(f"  {each.id:<{width}}  {each.capability or '-':<10}  {each.text}")
            lines += [f"  {'':<{width}}  {'':<10}  = {shown}" for shown in _shown(each)]
        lines.append("")
    counts = Counter(each.status for each in obligations)
    total = ", ".join(f"{counts[status]} {status}" for status in STATUSES)
    return "\n".join([*lines, f"{len(obligations)} obligations: {total}"])


def main() -> int:
    """Print the register; return the exit status."""
    try:
        obligations = load()
    except PolicyInvalid as invalid:
        print("The register is broken:", *invalid.problems, sep="\n  ", file=sys.stderr)
        return 1
    print(render(obligations))
    problems = list(broken_references(obligations))
    if problems:
        print("Named tests that show nothing:", *problems, sep="\n  ", file=sys.stderr)
    return 1 if problems else 0


def _shown(obligation: Obligation) -> tuple[str, ...]:
    return (obligation.organisational,) if obligation.organisational else obligation.tests


def _node_problem(node_id: str, root: Path) -> str | None:
    path, *names = node_id.partition("[")[0].split("::")
    module = _module(root / path)
    if module is None:
        return "is in no file"
    *classes, function = names
    scopes: list[Scope] = [module]
    for name in classes:
        inner = _member(scopes[-1], name)
        if not isinstance(inner, ast.ClassDef) or not name.startswith("Test"):
            return "does not exist"
        scopes.append(inner)
    test = _member(scopes[-1], function)
    if not isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef) or function[:4] != "test":
        return "does not exist"
    marks = "\n".join(_marks(test, scopes))
    if "mark.skip" in marks or "mark.xfail" in marks:
        return "is skipped or expected to fail"
    if "[" in node_id and "mark.parametrize" not in marks:
        return "is not parametrised"
    return None


@cache
def _module(path: Path) -> ast.Module | None:
    return ast.parse(path.read_text("utf-8")) if path.is_file() else None


def _member(scope: Scope, name: str) -> ast.stmt | None:
    # The last definition of a name is the one that pytest collects.
    for node in reversed(scope.body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and (
            node.name == name
        ):
            return node
    return None


def _marks(test: TestFunction, scopes: Iterable[Scope]) -> Iterator[str]:
    """Yield the source of everything that marks the test: its own, its classes', its module's."""
    yield from map(ast.unparse, test.decorator_list)
    for scope in scopes:
        if isinstance(scope, ast.ClassDef):
            yield from map(ast.unparse, scope.decorator_list)
        for node in scope.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and "pytestmark" in ast.unparse(node):
                yield ast.unparse(node)


if __name__ == "__main__":
    sys.exit(main())

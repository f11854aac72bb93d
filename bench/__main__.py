"""`make bench`: every benchmark as one table, and `bench/results.json`.

Each figure stands beside a named peer that was measured in the same run, because machines differ
and are noisy; ratios travel, absolute times do not.
"""

import importlib
import json
import platform
import sys
from dataclasses import asdict
from pathlib import Path

from bench.table import Row, print_table

BENCHMARKS = (
    "vault",
    "invocation",
    "access",
    "artifact",
    "cookies",
    "law",
    "intake",
    "watch",
    "consents",
    "telling",
    "notifying",
    "retention",
    "day",
    "copies",
    "banner",
)
RESULTS = Path(__file__).parent / "results.json"


def main(names: list[str]) -> None:
    """Runs the benchmarks called `names`, all of them without any."""
    rows: list[Row] = []
    for name in names or BENCHMARKS:
        print(f"running {name} …", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"bench.{name}").run()
    print_table(rows)
    results = [{**asdict(row), "ratio": row.ratio} for row in rows]
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    RESULTS.write_text(json.dumps({"machine": machine, "rows": results}, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])

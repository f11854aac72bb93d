"""What a container is like once app.py is through."""

import subprocess
import sys

from infra.package import ROOT

AFTERWARDS = """
import gc
import app
assert gc.isenabled()
assert gc.get_freeze_count() > 10_000
"""

FOR_VISITORS = """
import sys
import app

LATER = (
    "connectors",
    "consents",
    "identity",
    "inventory",
    "opendsr",
    "requests",
    "retention",
    "staff",
)

def brought():
    parts = (name.split(".") for name in sys.modules if name.startswith("chalicelib."))
    return {package for _, package, *_ in parts} & {*LATER}

assert brought() == set(), brought()
assert app.app.routes["/v1/sessions"].keys() == {"POST"}
assert brought() == {"identity"}, brought()
"""


def test_the_collector_works_again_and_passes_over_what_stays() -> None:
    _run(AFTERWARDS)


def test_what_no_visitors_page_needs_is_imported_when_it_is_asked_for() -> None:
    _run(FOR_VISITORS)


def _run(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)

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


def test_the_collector_works_again_and_passes_over_what_stays() -> None:
    subprocess.run([sys.executable, "-c", AFTERWARDS], cwd=ROOT, check=True)

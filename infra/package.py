"""`make package`: the deployable artifact and its template, in `dist/`.

The artifact is what Chalice packages from a copy of only what ships; the same inputs give the same
bytes. docs/adr/0002 says why the wheels are laid out here and not by Chalice.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from infra.template import merged_template

ROOT = Path(__file__).parent.parent
DIST = ROOT / "dist"
ARTIFACT = DIST / "deployment.zip"
TEMPLATE = DIST / "template.json"

# Lambda's python3.13 runs on Amazon Linux 2023, whose glibc is 2.34.
PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_28_x86_64", "manylinux_2_34_x86_64")
SHIPPED = ("app.py", "chalicelib", ".chalice", "requirements.txt")
_BUILD_INPUTS = ("infra/package.py", "infra/template.py", "requirements-dev.txt")  # Chalice's lock
_UNUSED = (
    # Powertools' page for trying an API of its own kind.
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/swagger-ui-bundle.min.js",
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/swagger-ui.min.css",
    # Zones for machines that have none; ours are tzdata's.
    "dateutil/zoneinfo/dateutil-zoneinfo.tar.gz",
)
"""Files of wheels that nothing of ours reads: 0.6 MB of the artifact."""
_REGION = "ap-southeast-3"  # Chalice wants one; the template names none
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold


def build() -> str:
    """Builds `dist/` unless it already holds what the inputs give. Returns its SHA-256."""
    DIST.mkdir(exist_ok=True)
    with (DIST / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make run` and `make test` may come at once
        stamp = DIST / "inputs.sha256"
        digest = _digest_of_inputs()
        up_to_date = stamp.exists() and stamp.read_text(encoding="ascii") == digest
        if not (up_to_date and ARTIFACT.exists() and TEMPLATE.exists()):
            stamp.unlink(missing_ok=True)
            _build(DIST / "build")
            stamp.write_text(digest, encoding="ascii")
        return hashlib.sha256(ARTIFACT.read_bytes()).hexdigest()


def _build(work: Path) -> None:
    shutil.rmtree(work, ignore_errors=True)
    source = work / "source"
    source.mkdir(parents=True)
    _copy_what_ships(source)
    _lay_out_wheels(source / "vendor")
    # Chalice would fetch the wheels again, without their hashes.
    (source / "requirements.txt").write_text("", encoding="ascii")
    merge = work / "merge.json"
    merge.write_text(json.dumps(merged_template()), encoding="utf-8")
    output = work / "package"
    subprocess.run(
        [
            *(str(Path(sys.executable).with_name("chalice")), "package", "--stage", "prod"),
            *("--merge-template", str(merge), str(output)),
        ],
        cwd=source,
        env=os.environ | {"AWS_DEFAULT_REGION": _REGION, "PYTHONDONTWRITEBYTECODE": "1"},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    _repack(output / "deployment.zip", ARTIFACT)
    template = json.loads((output / "sam.json").read_text(encoding="utf-8"))
    TEMPLATE.write_text(json.dumps(template, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    shutil.rmtree(work)


def _copy_what_ships(target: Path) -> None:
    for name in SHIPPED:
        path = ROOT / name
        if path.is_dir():
            unwanted = shutil.ignore_patterns("__pycache__", "deployments", "deployed", "venv")
            shutil.copytree(path, target / name, ignore=unwanted)
        else:
            shutil.copy2(path, target / name)


def _lay_out_wheels(target: Path) -> None:
    """Lambda's wheels of everything in requirements.txt, checked against their hashes.

    They are kept beside the artifact until the lock or this module changes, so that a change of
    code needs no network.
    """
    recipe = (ROOT / "requirements.txt").read_bytes() + Path(__file__).read_bytes()
    kept = DIST / f"wheels-{hashlib.sha256(recipe).hexdigest()[:16]}"
    if not kept.exists():
        for stale in DIST.glob("wheels-*"):
            shutil.rmtree(stale)
        fresh = DIST / "wheels-incomplete"
        shutil.rmtree(fresh, ignore_errors=True)
        _pip_install(fresh)
        fresh.rename(kept)
    shutil.copytree(kept, target)


def _pip_install(target: Path) -> None:
    platforms = [option for name in PLATFORMS for option in ("--platform", name)]
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--require-hashes", "--no-deps", "--no-compile", "--only-binary", ":all:"),
            *("--implementation", "cp", "--python-version", "3.13", *platforms),
            *("--target", str(target), "--requirement", str(ROOT / "requirements.txt")),
        ],
        check=True,
    )
    shutil.rmtree(target / "bin", ignore_errors=True)  # console scripts with this machine's paths
    # Names of holidays in other languages: 0.8 MB that no date depends on (tests/package).
    shutil.rmtree(target / "holidays" / "locale")
    for unused in _UNUSED:
        (target / unused).unlink()


def _repack(source: Path, target: Path) -> None:
    """The same files in name order, at one time, with one mode: reproducible bytes."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in sorted(old.namelist()):
            if name.endswith("/") or "__pycache__" in name:
                continue
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = 0o644 << 16
            new.writestr(info, old.read(name), zipfile.ZIP_DEFLATED)


def _digest_of_inputs() -> str:
    files = [ROOT / name for name in _BUILD_INPUTS]
    files += sorted((ROOT / "infra").glob("template.*.yaml"))
    for name in SHIPPED:
        path = ROOT / name
        inside = path.rglob("*") if path.is_dir() else [path]
        files += sorted(
            each for each in inside if each.is_file() and "__pycache__" not in each.parts
        )
    digest = hashlib.sha256(sys.version.encode())
    for path in files:
        digest.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    checksum = build()
    size = ARTIFACT.stat().st_size / 1_000_000
    print(f"dist/deployment.zip  {size:.1f} MB  sha256 {checksum}\ndist/template.json")

"""The artifact: it holds everything that the functions import, and nothing else."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.package import ARTIFACT, ROOT, build

MEGABYTE = 1_000_000

PROVIDED = (
    "boto3",
    "botocore",
    "dateutil",
    "jmespath",
    "s3transfer",
    "six",
    "urllib3",
)
"""What Lambda's python3.13 runtime brings along: boto3 and what that needs."""

IMPORT_EVERYTHING = """
import importlib, json, sys

sys.path[:0] = json.loads(sys.argv[1])
origins = {}
for name in json.loads(sys.argv[2]):
    module = importlib.import_module(name)
    origins[name] = getattr(module, "__file__", None)
print(json.dumps(origins))
"""


@pytest.fixture(scope="session")
def artifact() -> Path:
    """The artifact of this tree."""
    build()
    return ARTIFACT


@pytest.fixture(scope="session")
def names(artifact: Path) -> list[str]:
    with zipfile.ZipFile(artifact) as archive:
        return archive.namelist()


@pytest.fixture(scope="session")
def unzipped(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact as Lambda unpacks it."""
    target = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(artifact) as archive:
        archive.extractall(target)
    return target


@pytest.fixture(scope="session")
def provided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with boto3 as the runtime provides it, and nothing else of this environment."""
    folder = tmp_path_factory.mktemp("runtime")
    installed = Path(sysconfig.get_path("purelib"))
    for name in PROVIDED:
        source = next(
            path for path in (installed / name, installed / f"{name}.py") if path.exists()
        )
        (folder / source.name).symlink_to(source)
    return folder


def _import_all(modules: list[str], *path: Path) -> subprocess.CompletedProcess[str]:
    """Imports `modules` in a fresh process that sees `path` and the standard library only."""
    return subprocess.run(
        [
            # -I and -S: neither this environment's packages nor the current folder.
            *(sys.executable, "-I", "-S", "-B", "-c", IMPORT_EVERYTHING),
            *(json.dumps([str(each) for each in path]), json.dumps(modules)),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=path[0],
        env={"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "ap-southeast-3"},
    )


def _own_modules(unzipped: Path) -> Iterator[str]:
    for path in sorted(unzipped.glob("chalicelib/**/*.py")):
        parts = path.relative_to(unzipped).with_suffix("").parts
        # `__main__` modules are commands: importing them would run them.
        if parts[-1] != "__main__":
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _third_party_modules(unzipped: Path) -> list[str]:
    """The top-level packages and modules of the artifact, and each compiled module."""
    found = {
        path.name.split(".")[0]
        for path in unzipped.iterdir()
        if path.suffix in {".py", ".so"} or (path / "__init__.py").exists()
    }
    compiled = {
        ".".join([*path.relative_to(unzipped).parent.parts, path.name.split(".")[0]])
        for path in unzipped.glob("**/*.so")
    }
    return sorted(found | compiled)


def test_every_module_imports_from_the_artifact(unzipped: Path, provided: Path) -> None:
    modules = ["app", *_own_modules(unzipped), *_third_party_modules(unzipped)]
    assert len(modules) > 20
    imported = _import_all(modules, unzipped, provided)
    assert imported.returncode == 0, imported.stderr
    origins = json.loads(imported.stdout)
    elsewhere = [
        name
        for name, origin in origins.items()
        if origin is None or not Path(origin).is_relative_to(unzipped)
    ]
    assert elsewhere == []


HOLIDAYS = """
import json, sys

sys.path[:0] = json.loads(sys.argv[1])
from chalicelib.law.calendars import is_holiday
from chalicelib.law.packs import JURISDICTIONS, pack
from datetime import date, timedelta
from zoneinfo import ZoneInfo, reset_tzpath

reset_tzpath(())  # as where the system has no time zones
days = [date(2026, 1, 1) + timedelta(days=each) for each in range(3653)]
found = {
    each: [ZoneInfo(place.zone).key, *(str(day) for day in days if is_holiday(day, (each,)))]
    for law in map(pack, JURISDICTIONS)
    for place in law.places.values()
    for each in place.calendars
}
print(json.dumps(found))
"""


def test_holidays_and_zones_of_the_artifact_are_those_of_the_tests(unzipped: Path) -> None:
    def found(*options: str, path: Path) -> dict[str, list[str]]:
        ran = subprocess.run(
            [sys.executable, *options, "-B", "-c", HOLIDAYS, json.dumps([str(path)])],
            capture_output=True,
            text=True,
            check=True,
        )
        return dict(json.loads(ran.stdout))

    carried = found("-I", "-S", path=unzipped)
    assert len(carried) > 30
    assert min(map(len, carried.values())) > 50
    assert carried == found(path=ROOT)


def test_the_import_notices_a_missing_wheel(unzipped: Path, provided: Path) -> None:
    missing = unzipped / "pydantic_core"
    hidden = unzipped / "hidden"
    missing.rename(hidden)
    try:
        imported = _import_all(["app"], unzipped, provided)
    finally:
        hidden.rename(missing)
    assert imported.returncode != 0
    assert "pydantic_core" in imported.stderr


def test_every_compiled_module_is_for_lambda(unzipped: Path) -> None:
    compiled = list(unzipped.glob("**/*.so"))
    assert compiled
    for path in compiled:
        header = path.read_bytes()[:20]
        assert header[:5] == b"\x7fELF\x02", path  # 64 bits
        assert int.from_bytes(header[18:20], "little") == 62, path  # x86-64
        assert "cpython-313-x86_64-linux-gnu" in path.name or "abi3" in path.name


def test_it_carries_what_the_lock_names(unzipped: Path) -> None:
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    locked = {
        line.split(" ")[0].replace("-", "_")
        for line in lock.splitlines()
        if line and line[0].isalpha()
    }
    carried = {
        path.name.removesuffix(".dist-info").replace("-", "==").lower()
        for path in unzipped.glob("*.dist-info")
    }
    assert carried == {name.lower() for name in locked}


@pytest.mark.parametrize(
    "unwanted",
    [
        "boto3/",
        "botocore/",
        "chalice/cli/",
        "chalice/deploy/",
        "chalicelib/tests/",
        "holidays/locale/",
        "infra/",
        "moto/",
        "pip/",
        "pytest/",
        "tests/",
        "web/",
    ],
)
def test_it_does_not_carry(names: list[str], unwanted: str) -> None:
    assert [name for name in names if name.startswith(unwanted)] == []


def test_it_carries_chalices_runtime_and_nothing_more_of_it(names: list[str]) -> None:
    assert [name for name in names if name.startswith("chalice/")] == [
        "chalice/__init__.py",
        "chalice/app.py",
    ]


def test_it_carries_no_byte_code_and_no_configuration(names: list[str]) -> None:
    unwanted = ("__pycache__", ".pyc", ".chalice", ".env", ".git", "requirements")
    assert [name for name in names if any(each in name for each in unwanted)] == []


def test_it_carries_every_file_of_ours(names: list[str]) -> None:
    ours = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "chalicelib").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert ours <= set(names)


def test_it_is_at_most_12_mb_zipped_and_40_mb_unzipped(artifact: Path) -> None:
    with zipfile.ZipFile(artifact) as archive:
        unzipped_size = sum(info.file_size for info in archive.infolist())
    assert artifact.stat().st_size <= 12 * MEGABYTE
    assert unzipped_size <= 40 * MEGABYTE


def test_the_same_tree_gives_the_same_bytes(artifact: Path) -> None:
    before = build()
    (artifact.parent / "inputs.sha256").unlink()
    assert build() == before


def test_times_and_modes_say_nothing_of_the_machine(artifact: Path) -> None:
    with zipfile.ZipFile(artifact) as archive:
        infos = archive.infolist()
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert {info.external_attr >> 16 for info in infos} == {0o644}
    assert [info.filename for info in infos] == sorted(info.filename for info in infos)

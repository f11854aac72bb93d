"""A copy of 100,000 rows: time and memory, from the rows to the signed archive.

    python -m bench.copies

Ours writes the place's part (sealed) and builds the archive from it, with CSV, JSON, report and
manifest; S3 is a folder below botocore, KMS's one signature is left out. The peer is what
one writes without any of that: the same rows into the same CSV and JSON files of a local ZIP with
`zipfile`, `csv` and `json`. Each runs in a process of its own; time is its CPU time for the work,
memory the most that the whole process ever had (`VmHWM`, imports included).
"""

import csv
import io
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from bench.table import Row, print_table

ROWS, FEW = 100_000, 10_000
TURNS = 3
PEER = "zipfile, csv and json"
COLLECTIONS = ("users", "payments", "logins")


def run() -> list[Row]:
    """All rows."""
    ours, peer = [], []
    for _ in range(TURNS):
        ours.append(_process("ours", ROWS))
        peer.append(_process("peer", ROWS))
    few = _process("ours", FEW)
    our_time, peer_time = (statistics.median(each["seconds"] for each in r) for r in (ours, peer))
    our_peak, peer_peak = (max(each["megabytes"] for each in r) for r in (ours, peer))
    return [
        Row("copy of 100,000 rows, CPU", our_time, peer_time, PEER, "s", "no target"),
        Row("copy of 100,000 rows", ROWS / our_time, ROWS / peer_time, PEER, "rows/s", "no target"),
        Row("copy of 100,000 rows, peak memory", our_peak, peer_peak, PEER, "MB", "≤ 256 MB"),
        Row(
            "the same beside a tenth of it",
            our_peak,
            few["megabytes"],
            "10,000 rows",
            "MB",
            "≤ 1.5 x",
        ),
    ]


def rows(collection: str, count: int) -> Iterator[dict[str, Any]]:
    """Rows such as a platform has, some 300 bytes each."""
    for number in range(count):
        yield {
            "id": f"{collection}-{number:08}",
            "created_at": f"2026-11-{number % 28 + 1:02}T10:{number % 60:02}:00Z",
            "amount": number * 1.25,
            "currency": "IDR",
            "status": ("settled", "pending", "failed")[number % 3],
            "counterparty": {"name": f"PT Maju {number % 977}", "bank": "BCA", "city": "Bandung"},
            "tags": ["payroll", str(number % 7)],
            "memo": f"Pembayaran nomor {number}, terima kasih" if number % 2 else None,
        }


class OneKey:
    """A keyring whose every scope has the same key, in the process."""

    def __init__(self, key: Any) -> None:
        self.key_to_seal = lambda _scope, _expires: key
        self.key_to_open = lambda _scope: key


class Unsigned:
    """In the place of the KMS key: one signature a copy is no part of what is measured."""

    kid = "bench"

    def sign(self, _message: bytes) -> bytes:
        return bytes(64)

    def public_jwk(self) -> dict[str, str]:
        return {"kid": self.kid}


def _ours(count: int, folder: Path) -> None:
    from chalicelib.connectors.places import Description, Verdict  # noqa: PLC0415  # see `_process`
    from chalicelib.connectors.places import Row as Found  # noqa: PLC0415
    from chalicelib.requests.copies.models import PartDescription  # noqa: PLC0415

    parts, builder, request = _services(folder)
    each = count // len(COLLECTIONS)
    found = (Found(name, row) for name in COLLECTIONS for row in rows(name, each))
    assert parts.write(request.request_id, "platform", found) == each * len(COLLECTIONS)
    place = Description("platform", "Platform", "dynamodb", COLLECTIONS)
    built = builder.build(request, [PartDescription(place, Verdict.DONE)], [])
    assert built.rows == each * len(COLLECTIONS)


def _services(folder: Path) -> tuple[Any, Any, Any]:
    from botocore.session import get_session  # noqa: PLC0415

    from bench.local_s3 import FolderS3  # noqa: PLC0415
    from chalicelib.aws import CLIENT_CONFIG  # noqa: PLC0415
    from chalicelib.clock import SystemClock  # noqa: PLC0415
    from chalicelib.ids import UlidFactory  # noqa: PLC0415
    from chalicelib.law.case import Case  # noqa: PLC0415
    from chalicelib.law.clocks import deadlines  # noqa: PLC0415
    from chalicelib.packing.objects import Exports  # noqa: PLC0415
    from chalicelib.requests.copies.builder import CopyBuilder  # noqa: PLC0415
    from chalicelib.requests.copies.parts import Parts  # noqa: PLC0415
    from chalicelib.requests.models import (  # noqa: PLC0415
        Content,
        DataRequest,
        RequestType,
        Status,
    )
    from chalicelib.vault.keys import DataKey  # noqa: PLC0415
    from chalicelib.vault.vault import Vault  # noqa: PLC0415

    client: Any = get_session().create_client(
        "s3",
        region_name="ap-southeast-3",
        aws_access_key_id="bench",
        aws_secret_access_key="bench",  # noqa: S106  # nobody checks it
        config=CLIENT_CONFIG,
    )
    client.meta.events.register("before-send.s3", FolderS3(folder).answer)
    clock = SystemClock()
    ids = UlidFactory(clock)
    exports = Exports(client, client, "exports")
    parts = Parts(exports, Vault(cast("Any", OneKey(DataKey(bytes(32))))), ids)
    now = datetime.now(UTC)
    request = DataRequest(
        request_id=ids.new(),
        type=RequestType.ACCESS,
        status=Status.IN_PROGRESS,
        received_at=now,
        deadlines=deadlines({"id": None}, "access", Case(received_at=now)),
        requester="index",
        tracking=bytes(32),
        messages=(),
        content=Content("siti@example.test", "id"),
    )
    return parts, CopyBuilder(exports, parts, cast("Any", Unsigned()), clock, ids), request


def _peer(count: int, folder: Path) -> None:
    each = count // len(COLLECTIONS)
    with zipfile.ZipFile(folder / "peer.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in COLLECTIONS:
            with archive.open(f"{name}.json", "w") as raw, io.TextIOWrapper(raw, "utf-8") as file:
                before = "["
                for row in rows(name, each):
                    file.write(before + json.dumps(row, ensure_ascii=False))
                    before = ",\n"
                file.write("]")
            with (
                archive.open(f"{name}.csv", "w") as raw,
                io.TextIOWrapper(raw, "utf-8", newline="") as file,
            ):
                writer = csv.DictWriter(file, list(next(rows(name, 1))))
                writer.writeheader()
                writer.writerows(rows(name, each))


def _process(what: str, count: int) -> dict[str, float]:
    # In a process of its own, which imports only what it needs: its peak is not another's.
    command = [sys.executable, "-m", "bench.copies", what, str(count)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(ran.stdout))


def _measured(what: str, count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        (_ours if what == "ours" else _peer)(count, Path(folder))
        seconds = time.process_time() - start
    print(json.dumps({"seconds": seconds, "megabytes": _peak_megabytes()}))


def _peak_megabytes() -> float:
    # Not `ru_maxrss`: a process has that from the one that started it.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (kilobytes,) = re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(kilobytes) / 1024


if __name__ == "__main__":
    if arguments := sys.argv[1:]:
        _measured(arguments[0], int(arguments[1]))
    else:
        print_table(run())

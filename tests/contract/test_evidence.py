"""The evidence pack of an incident on moto: ordered, built by a worker, handed out, checked."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.audit.bundle import Bundle
from chalicelib.audit.entry import entry_key
from chalicelib.audit.findings import Code as TrailCode
from chalicelib.clock import rfc3339
from chalicelib.incidents.__main__ import main
from chalicelib.incidents.book import incident_entity
from chalicelib.incidents.pack.verifier import FIRST_SEAL, Code, Verdict, verify
from chalicelib.incidents.statements import signed_awareness
from chalicelib.packing.manifest import KEYS, MANIFEST, SIGNATURE
from chalicelib.packing.verifier import Code as PackCode
from chalicelib.services import Services
from chalicelib.tables.codec import encode
from tests.contract.closing import OWNER, Ending
from tests.contract.moto_tables import EXPORTS, SESSION, another_container
from tests.contract.policies import Uses
from tests.contract.responding import FACTS, INCIDENTS, OFFICER
from tests.contract.restoring import PLENTY, Signer
from tests.contract.test_incidents import entries
from tests.contract.working import waiting, work
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway

FILES = {"incident.json", "awareness.jws", "computations.json", "aftermath.json", "trail.json"}

type Contents = dict[str, bytes]


@dataclass
class Packing(Ending):
    """The API and the worker, with keys whose signatures hold."""

    clock: FixedClock
    signer: Signer
    receipts: Signer

    def sealed(self) -> None:
        """A checkpoint over all that happened more than a few minutes ago."""
        self.clock.advance(timedelta(hours=1))
        self.services.checkpoints.run(lambda: PLENTY)

    def order(self, incident_id: str, **how: Any) -> Answer:
        return self.call("POST", f"{INCIDENTS}/{incident_id}/evidence", **how)

    def pack(self, incident_id: str) -> bytes:
        """The archive of the incident, ordered and built."""
        assert self.order(incident_id).status == 202
        work(self.services, self.clock)
        return self.lying()[-1]

    def lying(self) -> list[bytes]:
        """What is in the bucket, in the order of its making."""
        s3 = SESSION.client("s3")
        found = s3.list_objects_v2(Bucket=EXPORTS, Prefix="evidence/").get("Contents", [])
        return [
            s3.get_object(Bucket=EXPORTS, Key=key)["Body"].read()
            for key in sorted(each["Key"] for each in found)
        ]

    def link(self, incident_id: str, **how: Any) -> dict[str, Any]:
        answer = self.call("GET", f"{INCIDENTS}/{incident_id}/evidence", **how)
        assert answer.status == 200, answer.body
        read: dict[str, Any] = answer.json()
        return read

    def verdict(self, archive: bytes, folder: Path) -> Verdict:
        path = folder / "pack.zip"
        path.write_bytes(archive)
        return verify(path, [self.signer.public])


@pytest.fixture
def packing(services: Services, gateway: Gateway, clock: FixedClock) -> Packing:
    signer, receipts = Signer(), Signer("receipts")
    services.__dict__ |= {"signer": signer, "receipt_signer": receipts}
    return Packing(services, gateway, clock, signer, receipts)


@pytest.fixture
def incident_id(packing: Packing) -> str:
    """A breach that was closed, and sealed into the trail."""
    made = packing.complete()
    assert packing.close(made).status == 200
    packing.sealed()
    return made


def contents(archive: bytes) -> Contents:
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def repacked(files: Contents) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return stream.getvalue()


def codes(verdict: Verdict) -> set[str]:
    return {each.code for each in verdict.findings}


# --- building ------------------------------------------------------------------------------------


def test_the_pack_holds_all_and_proves_it(
    packing: Packing, incident_id: str, tmp_path: Path
) -> None:
    archive = packing.pack(incident_id)
    files = contents(archive)
    report = json.loads(files["aftermath.json"])["client_report"]["report_id"]
    notices = [each.notice_id for each in packing.services.breach_notices.listed(incident_id)]
    assert report in notices
    sent = {f"notices/{each}/{name}" for each in notices for name in ("ledger.csv", "notice.json")}
    assert set(files) == FILES | sent | {KEYS, MANIFEST, SIGNATURE}
    incident = json.loads(files["incident.json"])
    assert incident["facts"]["title"] == FACTS["title"]
    assert incident["awareness"]["statement"].encode() == files["awareness.jws"]
    assert all(duty["explanation"]["id"] for duty in incident["duties"] if duty["due_at"])
    followed = json.loads(files["aftermath.json"])
    assert followed["actions"][0]["owner"] == OWNER
    assert [each["step"] for each in followed["turns"]] == ["closed"]
    kinds = [each["jaga_for"] for each in json.loads(files[KEYS])["keys"]]
    assert kinds == ["the trail, copies, certificates", "receipts and decisions"]
    verdict = packing.verdict(archive, tmp_path)
    assert (list(verdict.findings), verdict.files) == ([], len(FILES) + len(sent) + 1)
    assert verdict.signed is not None
    assert verdict.signed.subject == incident_id
    assert verdict.sealed_until is not None


def test_its_trail_is_what_an_auditor_exports(packing: Packing, incident_id: str) -> None:
    packing.sealed()
    jwks = packing.services.public_keys()
    chains = [incident_entity(incident_id)]
    streamed = b"".join(packing.services.exporter.pieces(jwks, chains))
    assert Bundle.from_json(json.loads(streamed)) == packing.services.exporter.export(jwks, chains)


def test_without_a_checkpoint_the_trail_is_a_bundle_too(packing: Packing) -> None:
    incident_id = packing.known()
    streamed = b"".join(packing.services.exporter.pieces([], [incident_entity(incident_id)]))
    assert Bundle.from_json(json.loads(streamed)).checkpoints == ()


def test_a_trail_that_has_just_begun_needs_no_checkpoint(packing: Packing, tmp_path: Path) -> None:
    incident_id = packing.report()
    packing.clock.advance(FIRST_SEAL - timedelta(minutes=1))
    verdict = packing.verdict(packing.pack(incident_id), tmp_path)
    assert (codes(verdict), verdict.sealed_until) == (set(), None)
    packing.clock.advance(timedelta(minutes=2))
    later = packing.verdict(packing.pack(incident_id), tmp_path)
    assert codes(later) == {TrailCode.NOTHING_CHECKPOINTED}


def test_an_incident_that_nobody_decided_on_is_packed_too(packing: Packing, tmp_path: Path) -> None:
    incident_id = packing.report()
    packing.sealed()
    archive = packing.pack(incident_id)
    assert "awareness.jws" not in contents(archive)
    assert codes(packing.verdict(archive, tmp_path)) == set()


def test_the_answer_says_how_far_it_is_and_gives_a_link(
    packing: Packing, incident_id: str, services: Services, clock: FixedClock
) -> None:
    missing = packing.call("GET", f"{INCIDENTS}/{incident_id}/evidence")
    assert (missing.status, missing.json()["code"]) == (404, "no_evidence")
    ordered = packing.order(incident_id, key="the-same-key").json()
    assert (ordered["state"], ordered["ordered_by"]) == ("building", OFFICER)
    packing.order(incident_id, key="the-same-key")
    assert len(waiting(services)) == 1
    assert packing.link(incident_id)["url"] is None
    work(services, clock)
    before = len(entries(services, incident_id))
    given = packing.link(incident_id, role="auditor")
    (archive,) = packing.lying()
    assert given["state"] == "built"
    assert given["sha256"] == hashlib.sha256(archive).hexdigest()
    assert f"evidence/{incident_id}/" in given["url"]
    assert entries(services, incident_id)[before:] == [
        (f"staff/{OFFICER}", "incident.evidence_handed_out")
    ]
    clock.advance(timedelta(days=7))  # the bucket's lifecycle
    assert (packing.link(incident_id)["state"], packing.link(incident_id)["url"]) == (
        "deleted",
        None,
    )


def test_who_may_not_read_gets_no_link(packing: Packing, incident_id: str) -> None:
    packing.pack(incident_id)
    path = f"{INCIDENTS}/{incident_id}/evidence"
    assert packing.call("GET", path, role="engineer").status == 403
    assert packing.call("POST", path, role="auditor").status == 403
    unknown = packing.call("POST", f"{INCIDENTS}/{'0' * 26}/evidence")
    assert unknown.status == 404


def test_a_build_that_dies_leaves_nothing_and_the_next_one_ends(
    packing: Packing, incident_id: str, services: Services
) -> None:
    assert packing.order(incident_id).status == 202

    def dies(_: str) -> Any:
        raise RuntimeError

    services.evidence_parts.append(dies)  # type: ignore[attr-defined]  # it is a list
    with pytest.raises(RuntimeError):
        services.evidence_builder.carry_on(incident_id)
    assert packing.lying() == []
    services.evidence_parts.pop()  # type: ignore[attr-defined]
    for _ in range(2):
        services.evidence_builder.carry_on(incident_id)
    assert len(packing.lying()) == 1


def test_what_was_ordered_anew_meanwhile_is_built_anew(
    packing: Packing, incident_id: str, services: Services, clock: FixedClock
) -> None:
    """The slower worker's archive is never handed out for the order of another."""
    packing.order(incident_id)

    def orders(_: str) -> Any:
        clock.advance(timedelta(minutes=1))
        packing.order(incident_id)
        return []

    services.evidence_parts.append(orders)  # type: ignore[attr-defined]
    services.evidence_builder.carry_on(incident_id)
    services.evidence_parts.pop()  # type: ignore[attr-defined]
    assert packing.link(incident_id)["state"] == "building"
    work(services, clock)
    given = packing.link(incident_id)
    assert given["sha256"] == hashlib.sha256(packing.lying()[-1]).hexdigest()


def test_the_policies_allow_what_is_done(
    packing: Packing, incident_id: str, services: Services, clock: FixedClock
) -> None:
    api, worked = Uses(), Uses()
    worker = another_container(services)
    worker.__dict__ |= {"signer": packing.signer, "receipt_signer": packing.receipts}
    worked.watch(worker)
    api.watch(services)
    packing.order(incident_id)
    work(worker, clock)
    packing.link(incident_id)
    assert api.refused_by("api_handler") == set()
    assert worked.refused_by("fulfil_requests") == set()


# --- checking ------------------------------------------------------------------------------------


def _change(files: Contents) -> None:
    files["incident.json"] = files["incident.json"].replace(b"Laptop of", b"Tablet of")


def _add(files: Contents) -> None:
    files["notices/more.txt"] = b"we told them"


def _drop(files: Contents) -> None:
    del files["aftermath.json"]


def _cut(files: Contents) -> None:
    bundle = json.loads(files["trail.json"])
    (chain,) = bundle["chains"].values()
    chain["entries"].pop()
    files["trail.json"] = json.dumps(bundle).encode()


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (_change, PackCode.FILE_CHANGED),
        (_add, PackCode.FILE_EXTRA),
        (_drop, PackCode.FILE_MISSING),
        (_cut, PackCode.FILE_CHANGED),
    ],
)
def test_what_was_changed_in_a_pack_is_found(
    packing: Packing,
    incident_id: str,
    tmp_path: Path,
    edit: Callable[[Contents], None],
    code: PackCode,
) -> None:
    files = contents(packing.pack(incident_id))
    edit(files)
    assert codes(packing.verdict(repacked(files), tmp_path)) == {code}


def test_another_key_is_not_believed(packing: Packing, incident_id: str, tmp_path: Path) -> None:
    path = tmp_path / "pack.zip"
    path.write_bytes(packing.pack(incident_id))
    for stranger in (Signer(), packing.receipts):
        assert codes(verify(path, [stranger.public])) == {PackCode.SIGNATURE_WRONG}


def test_a_chain_that_was_cut_before_packing_is_found(
    packing: Packing, incident_id: str, services: Services, tmp_path: Path
) -> None:
    """The manifest holds: what was packed was cut already."""
    entity = incident_entity(incident_id)
    last = services.trail.head(entity)
    assert last is not None
    key = entry_key(entity, last.seq - 1)
    SESSION.client("dynamodb").delete_item(
        TableName=services.audit.name, Key=encode({"pk": key.pk, "sk": key.sk})
    )
    found = codes(packing.verdict(packing.pack(incident_id), tmp_path))
    assert found
    assert found <= set(TrailCode)


def packed_with(packing: Packing, incident_id: str, services: Services, part: Any) -> bytes:
    """A pack whose first part is `part`, rightly signed all the same."""
    services.evidence_parts[0] = part  # type: ignore[index]
    return packing.pack(incident_id)


@pytest.mark.parametrize(
    ("key", "of", "hours", "code"),
    [
        ("stranger", "", 0, Code.AWARENESS_UNSIGNED),
        ("receipts", "0" * 26, 0, Code.AWARENESS_OTHER),
        ("receipts", "", 5, Code.AWARENESS_OTHER),
        ("", "", 0, Code.AWARENESS_MISSING),
    ],
)
def test_an_awareness_that_is_not_the_incidents_is_found(
    packing: Packing,
    incident_id: str,
    services: Services,
    tmp_path: Path,
    key: str,
    of: str,
    hours: int,
    code: Code,
) -> None:
    real = services.evidence_parts[0]
    known_at = packing.stored(incident_id).aware_at
    assert known_at is not None
    aware_at = known_at + timedelta(hours=hours)
    signer = packing.receipts if key == "receipts" else Signer("stranger")
    said = signed_awareness(signer, of or incident_id, aware_at, OFFICER, services.clock.now())

    def forged(its_id: str) -> Any:
        incident = json.loads(b"".join(next(iter(real(its_id))).pieces))
        incident["awareness"] |= {"statement": said, "aware_at": rfc3339(known_at)}
        yield "incident.json", [json.dumps(incident).encode()], 0
        if key:
            yield "awareness.jws", [said.encode()], 0

    archive = packed_with(packing, incident_id, services, forged)
    assert codes(packing.verdict(archive, tmp_path)) == {code}


def test_an_incident_that_is_none_is_found(
    packing: Packing, incident_id: str, services: Services, tmp_path: Path
) -> None:
    def senseless(_: str) -> Any:
        yield "incident.json", [b"[]"], 0

    archive = packed_with(packing, incident_id, services, senseless)
    assert codes(packing.verdict(archive, tmp_path)) == {Code.INCIDENT_UNREADABLE}


def test_the_command_checks_without_aws_and_environment(
    packing: Packing, incident_id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack, keys = tmp_path / "pack.zip", tmp_path / "keys.json"
    pack.write_bytes(packing.pack(incident_id))
    keys.write_text(json.dumps({"keys": packing.services.public_keys()}))
    code = (
        "import sys; from chalicelib.incidents.__main__ import main;"
        "code = main(['verify', sys.argv[1], '--key', sys.argv[2]]);"
        "aws = {'boto3', 'chalice'} & sys.modules.keys();"
        "sys.exit(code or len(aws))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(pack), str(keys)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": ""},
    )
    assert ran.returncode == 0, (ran.stdout, ran.stderr)
    assert f"evidence of incident {incident_id}" in ran.stdout
    files = contents(pack.read_bytes())
    _change(files)
    pack.write_bytes(repacked(files))
    assert main(["verify", str(pack), "--key", str(keys)]) == 1
    assert "FOUND file_changed 'incident.json'" in capsys.readouterr().out
    keys.write_text("{}")
    assert main(["verify", str(pack), "--key", str(keys)]) == 2

"""The offline verifier, and what an attacker may try."""

import hashlib
import io
import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import cast

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.audit.jws import PublicKey, sign
from chalicelib.packing.archive import Archive
from chalicelib.packing.manifest import KEYS, MANIFEST, SIGNATURE
from chalicelib.packing.objects import Upload
from chalicelib.packing.verifier import Code, verify
from chalicelib.requests.copies.__main__ import main
from chalicelib.requests.copies.naming import COPY
from tests.unit.audit.world import LocalSigner
from tests.unit.requests.copies.conftest import FILES, MOMENT, Stream

type Contents = dict[str, bytes]
type Edit = Callable[[Contents], object]

USERS = "places/platform/users.json"


def contents(archive: bytes) -> Contents:
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def repacked(files: Contents, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return path


def codes(path: Path, keys: list[PublicKey]) -> set[Code]:
    return {finding.code for finding in verify(COPY, path, keys).findings}


def test_a_copy_as_it_was_made_holds(copy: Path, keys: list[PublicKey]) -> None:
    verdict = verify(COPY, copy, keys)
    assert (list(verdict.findings), verdict.files) == ([], len(FILES) + 1)
    assert verdict.signed is not None
    assert (verdict.signed.subject, verdict.signed.created_at) == (
        "01JREQUEST",
        "2026-11-23T10:00:00.000Z",
    )


def test_it_holds_packed_anew(packed: bytes, tmp_path: Path, keys: list[PublicKey]) -> None:
    """What is proved are the files, not how they are packed."""
    assert codes(repacked(contents(packed), tmp_path / "again.zip"), keys) == set()


def _flip(name: str, position: int) -> Edit:
    def edit(files: Contents) -> None:
        changed = bytearray(files[name])
        changed[position] ^= 1
        files[name] = bytes(changed)

    return edit


def _another_letter(files: Contents) -> None:
    """Another signature in the same alphabet: a flipped bit may lead out of it."""
    signature = files[SIGNATURE]
    letter = b"B" if signature[-3:-2] == b"A" else b"A"
    files[SIGNATURE] = signature[:-3] + letter + signature[-2:]


def _swap(one: str, other: str) -> Edit:
    return lambda files: files.update({one: files[other], other: files[one]})


def _put(name: str, content: bytes) -> Edit:
    return lambda files: files.update({name: content})


def _drop(name: str) -> Edit:
    return lambda files: files.pop(name)


def _unlist(files: Contents) -> None:
    listed = json.loads(files[MANIFEST])
    listed["files"].pop()
    files[MANIFEST] = json.dumps(listed).encode()


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (_flip(USERS, 30), Code.FILE_CHANGED),
        (_flip("report.html", 0), Code.FILE_CHANGED),
        (_put(USERS, b""), Code.FILE_CHANGED),
        (_swap(USERS, "report.html"), Code.FILE_CHANGED),
        (_put("report.html", FILES["report.html"] + b" "), Code.FILE_CHANGED),
        (_put(KEYS, b"{}"), Code.FILE_CHANGED),
        (_drop(USERS), Code.FILE_MISSING),
        (_drop(MANIFEST), Code.FILE_MISSING),
        (_drop(SIGNATURE), Code.FILE_MISSING),
        (_put("places/platform/more.csv", b"x"), Code.FILE_EXTRA),
        (_put("places/", b""), Code.NAME_REFUSED),
        (_flip(MANIFEST, 5), Code.MANIFEST_CHANGED),
        (_unlist, Code.MANIFEST_CHANGED),
        (_put(MANIFEST, b"x" * 9000), Code.FILE_CHANGED),
        (_another_letter, Code.SIGNATURE_WRONG),
        (_put(SIGNATURE, b"x.y.z"), Code.SIGNATURE_UNREADABLE),
        (_put(SIGNATURE, b"\xff"), Code.SIGNATURE_UNREADABLE),
        (_put("../evil", b"x"), Code.NAME_REFUSED),
        (_put("/evil", b"x"), Code.NAME_REFUSED),
        (_put("a\\evil", b"x"), Code.NAME_REFUSED),
        (_put("C:evil", b"x"), Code.NAME_REFUSED),
        (_put("places/./x", b"x"), Code.NAME_REFUSED),
    ],
)
def test_what_was_changed_is_found(
    packed: bytes, tmp_path: Path, keys: list[PublicKey], edit: Edit, code: Code
) -> None:
    files = contents(packed)
    edit(files)
    assert codes(repacked(files, tmp_path / "changed.zip"), keys) == {code}


def test_another_keys_signature_is_not_believed(
    packed: bytes, tmp_path: Path, keys: list[PublicKey], signer: LocalSigner
) -> None:
    files = contents(packed)
    forger = LocalSigner()
    payload = jwt.decode(
        files[SIGNATURE].decode(), jwt.PyJWK(signer.jwk()).key, algorithms=["ES256"]
    )
    files[SIGNATURE] = sign(forger, "jaga-copy+jws", payload).encode()
    path = repacked(files, tmp_path / "forged.zip")
    assert codes(path, keys) == {Code.SIGNATURE_WRONG}
    assert codes(path, [PublicKey.from_jwk(forger.jwk())]) == set()


@pytest.mark.parametrize("kind", ["jaga-checkpoint+jws", "JWT"])
def test_a_signature_for_something_else_is_none_for_a_copy(
    packed: bytes, tmp_path: Path, keys: list[PublicKey], signer: LocalSigner, kind: str
) -> None:
    files = contents(packed)
    payload = jwt.decode(files[SIGNATURE].decode(), options={"verify_signature": False})
    files[SIGNATURE] = sign(signer, kind, payload).encode()
    assert codes(repacked(files, tmp_path / "x.zip"), keys) == {Code.SIGNATURE_UNREADABLE}


def test_a_name_that_stands_twice_is_refused(
    packed: bytes, tmp_path: Path, keys: list[PublicKey]
) -> None:
    """Programs differ in which of the two they unpack."""
    path = tmp_path / "twice.zip"
    path.write_bytes(packed)
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(path, "a") as archive,
    ):
        archive.writestr(USERS, b"[]")
    assert codes(path, keys) == {Code.NAME_REFUSED}


def test_a_bomb_is_not_unpacked(packed: bytes, tmp_path: Path, keys: list[PublicKey]) -> None:
    """A gigabyte of zeros takes a megabyte packed; the list says how far it may go."""
    files = contents(packed)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            with archive.open(name, "w", force_zip64=True) as file:
                if name == USERS:
                    for _ in range(1024):
                        file.write(bytes(1024 * 1024))
                else:
                    file.write(content)
    limited = (
        "import resource, sys; from pathlib import Path;"
        "from chalicelib.requests.copies.__main__ import main;"
        "code = main(['verify', sys.argv[1]]);"
        "seconds = resource.getrusage(resource.RUSAGE_SELF).ru_utime;"
        "print(seconds); sys.exit(code if seconds < 1.5 else 9)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", limited, str(path)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert f"FOUND file_changed '{USERS}'" in ran.stdout


def test_other_ways_of_packing_are_refused(
    packed: bytes, tmp_path: Path, keys: list[PublicKey]
) -> None:
    path = tmp_path / "lzma.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, content in contents(packed).items():
            archive.writestr(name, content)
    assert codes(path, keys) == {Code.METHOD_REFUSED}


@pytest.mark.parametrize("cut", [0, 1, 21, 500, -1, -22])
def test_half_an_archive_is_none(
    packed: bytes, tmp_path: Path, keys: list[PublicKey], cut: int
) -> None:
    path = tmp_path / "cut.zip"
    path.write_bytes(packed[:cut])
    assert codes(path, keys) == {Code.NO_ARCHIVE}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
@given(position=st.integers(min_value=0, max_value=10_000), bit=st.integers(0, 7))
def test_whichever_bit_flips_no_content_is_vouched_for_that_is_not_ours(
    packed: bytes, tmp_path: Path, keys: list[PublicKey], position: int, bit: int
) -> None:
    """Every region: headers, contents, descriptors, directory, end."""
    changed = bytearray(packed)
    changed[position % len(packed)] ^= 1 << bit
    path = tmp_path / "flipped.zip"
    path.write_bytes(changed)
    if not verify(COPY, path, keys).findings:
        assert contents(bytes(changed)) == contents(packed)


def test_a_public_library_checks_it_too(packed: bytes, signer: LocalSigner) -> None:
    files = contents(packed)
    published = json.loads(files[KEYS])["keys"][0]
    header = jwt.get_unverified_header(files[SIGNATURE].decode())
    assert (header["alg"], header["kid"], header["typ"]) == ("ES256", published["kid"], COPY.kind)
    payload = jwt.decode(files[SIGNATURE].decode(), jwt.PyJWK(published).key, algorithms=["ES256"])
    assert payload["manifest"] == {
        "sha256": hashlib.sha256(files[MANIFEST]).hexdigest(),
        "size": len(files[MANIFEST]),
    }
    for listed in json.loads(files[MANIFEST])["files"]:
        content = files[listed["name"]]
        assert hashlib.sha256(content).hexdigest() == listed["sha256"]
        assert len(content) == listed["size"]


class TestCommand:
    def test_it_says_that_all_is_well(
        self, copy: Path, tmp_path: Path, signer: LocalSigner, capsys: pytest.CaptureFixture[str]
    ) -> None:
        published = tmp_path / "keys.json"
        published.write_text(json.dumps({"keys": [LocalSigner().jwk(), signer.jwk()]}))
        assert main(["verify", str(copy), "--jwks", str(published)]) == 0
        said = capsys.readouterr().out
        assert "copy of request 01JREQUEST, made 2026-11-23T10:00:00.000Z" in said
        assert "all is well: 4 files" in said

    def test_without_keys_it_says_whose_word_it_took(
        self, copy: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["verify", str(copy)]) == 0
        assert "the key is the copy's own" in capsys.readouterr().out

    def test_it_names_what_is_wrong(
        self, packed: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        files = contents(packed)
        files[USERS] += b"\n"
        assert main(["verify", str(repacked(files, tmp_path / "x.zip"))]) == 1
        assert f"FOUND file_changed '{USERS}'" in capsys.readouterr().out

    def test_a_name_cannot_write_on_the_terminal(
        self, packed: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        files = contents(packed) | {"\x1b[2Jall is well": b""}
        assert main(["verify", str(repacked(files, tmp_path / "x.zip"))]) == 1
        assert "\x1b" not in capsys.readouterr().out

    @pytest.mark.parametrize("keys", ["", "[]", "{}", '{"keys": [{"kty": "RSA"}]}', '{"keys": 7}'])
    def test_keys_that_are_none_are_unusable(self, copy: Path, tmp_path: Path, keys: str) -> None:
        published = tmp_path / "keys.json"
        published.write_text(keys)
        assert main(["verify", str(copy), "--jwks", str(published)]) == 2

    def test_a_file_that_is_not_there_is_unusable(self, tmp_path: Path) -> None:
        assert main(["verify", str(tmp_path / "nowhere.zip")]) == 2

    def test_it_runs_without_aws_and_environment(self, copy: Path) -> None:
        code = (
            "import sys; from chalicelib.requests.copies.__main__ import main;"
            "code = main(['verify', sys.argv[1]]);"
            "aws = {'boto3', 'botocore', 'chalice'} & sys.modules.keys();"
            "sys.exit(code or len(aws))"
        )
        ran = subprocess.run(
            [sys.executable, "-c", code, str(copy)],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": ""},
        )
        assert ran.returncode == 0, (ran.returncode, ran.stderr)


@pytest.mark.parametrize(("expected", "version"), [(0, 20), (1024**3 - 1, 20), (1024**3, 45)])
def test_only_files_of_a_gigabyte_get_zip64(expected: int, version: int) -> None:
    """Some old programs cannot read it."""
    stream = Stream()
    archive = Archive(cast("Upload", stream), MOMENT)
    archive.add("x", [b"x"], expected=expected)
    assert struct.unpack("<IH", stream.content[:6]) == (0x04034B50, version)

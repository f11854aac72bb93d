"""The offline verifier: believes nothing but the public key, unpacks nothing that it did not vouch.

The signature is checked first, then the list's hash, then each file against the list. A file is
unpacked only as far as the list says it goes, so that a bomb gets no further than one byte; names
that lead out of a folder are refused before anything is read.

What it does not say: what stands outside of the files (times, permissions, comments), and whether
a newer copy exists.
"""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from chalicelib.audit.jws import PublicKey
from chalicelib.packing.archive import PackedFile
from chalicelib.packing.manifest import (
    MANIFEST,
    SIGNATURE,
    Form,
    Signed,
    UnreadableManifest,
    listed_files,
    parsed_jws,
)

_LONGEST_JWS = 64 * 1024
_LONGEST_MANIFEST = 64 * 1024 * 1024
_PIECE = 1024 * 1024
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)
"""What `zipfile` raises for what it cannot unpack."""


class Code(StrEnum):
    """Stable: people's tools may rely on them."""

    NO_ARCHIVE = "no_archive"  # not a ZIP file, or cut
    NAME_REFUSED = "name_refused"  # a name that leads out of a folder, or stands twice
    METHOD_REFUSED = "method_refused"  # encrypted, or packed in another way than ours
    FILE_MISSING = "file_missing"  # on the list, not in the archive
    FILE_EXTRA = "file_extra"  # in the archive, not on the list
    FILE_CHANGED = "file_changed"  # other content than the list says, or unreadable
    SIGNATURE_UNREADABLE = "signature_unreadable"  # no JWS of this form of archives
    SIGNATURE_WRONG = "signature_wrong"  # not made by a key that is trusted
    MANIFEST_CHANGED = "manifest_changed"  # not the list that was signed, or none


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and with which file."""

    code: Code
    where: str

    def __str__(self) -> str:
        return f"{self.code} {self.where!r}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong, what was signed (None where that is not known), and how many files held."""

    findings: Sequence[Finding]
    signed: Signed | None
    files: int


class _Unsound(Exception):
    """The rest of the archive cannot be judged. Never leaves this module."""

    def __init__(self, code: Code, where: str) -> None:
        super().__init__(code)
        self.finding = Finding(code, where)


def verify(form: Form, archive: Path, keys: Sequence[PublicKey]) -> Verdict:
    """Checks `archive`, of `form`, under the trusted `keys`.

    Raises `OSError` when it cannot be opened.
    """
    signed: Signed | None = None
    try:
        with archive.open("rb") as file, _opened(file) as packed:
            names = _names(packed)
            signed = _signed(form, packed, names, keys)
            files = _manifest(form, packed, names, signed)
            findings = list(_differences(packed, names, files))
    except _Unsound as unsound:
        return Verdict([unsound.finding], signed, 0)
    return Verdict(findings, signed, len(files) if not findings else 0)


def content_of(archive: Path, name: str, longest: int = _LONGEST_JWS) -> bytes:
    """A file of the archive, of at most `longest` bytes: not to be believed, unless the archive
    was found to hold. Empty where there is none."""
    try:
        with zipfile.ZipFile(archive) as packed:
            return _content(packed, packed.getinfo(name), longest)
    except (*_UNREADABLE, KeyError, _Unsound):
        return b""


def _opened(file: object) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)  # type: ignore[call-overload,no-any-return]  # an open file
    except (*_UNREADABLE, ValueError, UnicodeDecodeError):
        raise _Unsound(Code.NO_ARCHIVE, "archive") from None


def _names(packed: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    names: dict[str, zipfile.ZipInfo] = {}
    for entry in packed.infolist():
        name = entry.orig_filename
        path = PurePosixPath(name)
        leads_out = path.is_absolute() or ".." in path.parts or str(path) != name
        if leads_out or name in names or any(sign in name for sign in "\\:\0"):
            raise _Unsound(Code.NAME_REFUSED, name)
        if entry.compress_type not in _METHODS or entry.flag_bits & 1:
            raise _Unsound(Code.METHOD_REFUSED, name)
        names[name] = entry
    return names


def _signed(
    form: Form,
    packed: zipfile.ZipFile,
    names: dict[str, zipfile.ZipInfo],
    keys: Sequence[PublicKey],
) -> Signed:
    if SIGNATURE not in names:
        raise _Unsound(Code.FILE_MISSING, SIGNATURE)
    try:
        jws = parsed_jws(_content(packed, names[SIGNATURE], _LONGEST_JWS))
        signed = Signed.of(form, jws)
    except UnreadableManifest:
        raise _Unsound(Code.SIGNATURE_UNREADABLE, SIGNATURE) from None
    if not jws.is_signed_by(keys):
        raise _Unsound(Code.SIGNATURE_WRONG, SIGNATURE)
    return signed


def _manifest(
    form: Form, packed: zipfile.ZipFile, names: dict[str, zipfile.ZipInfo], signed: Signed
) -> list[PackedFile]:
    if MANIFEST not in names:
        raise _Unsound(Code.FILE_MISSING, MANIFEST)
    content = _content(packed, names[MANIFEST], min(signed.size, _LONGEST_MANIFEST))
    if hashlib.sha256(content).hexdigest() != signed.sha256:
        raise _Unsound(Code.MANIFEST_CHANGED, MANIFEST)
    try:
        return listed_files(form, content)
    except UnreadableManifest:
        raise _Unsound(Code.MANIFEST_CHANGED, MANIFEST) from None


def _differences(
    packed: zipfile.ZipFile, names: dict[str, zipfile.ZipInfo], files: Sequence[PackedFile]
) -> Iterator[Finding]:
    listed = {each.name for each in files}
    for name in names.keys() - listed - {MANIFEST, SIGNATURE}:
        yield Finding(Code.FILE_EXTRA, name)
    for file in files:
        if file.name not in names:
            yield Finding(Code.FILE_MISSING, file.name)
        elif _digest(packed, names[file.name], file.size) != file.sha256:
            yield Finding(Code.FILE_CHANGED, file.name)


def _content(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, longest: int) -> bytes:
    try:
        with packed.open(entry) as file:
            content = file.read(longest + 1)
    except _UNREADABLE:
        raise _Unsound(Code.FILE_CHANGED, entry.filename) from None
    if len(content) > longest:
        raise _Unsound(Code.FILE_CHANGED, entry.filename)
    return content


def _digest(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, size: int) -> str:
    """The hash of the entry's content; empty where it cannot be read or is longer than `size`."""
    digest, left = hashlib.sha256(), size
    try:
        with packed.open(entry) as file:
            while piece := file.read(min(_PIECE, left + 1)):
                left -= len(piece)
                if left < 0:
                    return ""
                digest.update(piece)
    except _UNREADABLE:
        return ""
    return digest.hexdigest()

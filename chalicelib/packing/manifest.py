"""What makes an archive provable: a list of its files and a signature under that list.

    manifest.json  {format, version, <subject>, created_at, files: [{name, sha256, size}]}
    manifest.jws   compact JWS (RFC 7515, ES256) of {format, version, <subject>, created_at,
                   manifest: {sha256, size}}, `typ` the form's, `kid` the key's RFC 7638 thumbprint
    keys.json      the public keys as a JWK set (RFC 7517); the same are published at
                   /.well-known/jwks.json, and only those are worth believing

The files of the list and these first two are all that an archive holds. Hashes are SHA-256 in hex,
sizes in bytes. The JWS holds the list's hash and not the list, so that it stays short.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from chalicelib.audit.jws import Jws, Signer, UnreadableJws, sign
from chalicelib.clock import rfc3339
from chalicelib.errors import Internal
from chalicelib.packing.archive import Archive, PackedFile

MANIFEST, SIGNATURE, KEYS = "manifest.json", "manifest.jws", "keys.json"
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


class UnreadableManifest(Internal):
    """A manifest or its signature is none of a version that this code knows."""

    code = "unreadable_manifest"


@dataclass(frozen=True, slots=True)
class Form:
    """A form of archives. `name` and `version` stand in the list and under the signature.

    `kind` is the JWS's `typ`, `subject` the member with the id of what the archive is of.
    """

    name: str
    version: int
    kind: str
    subject: str


@dataclass(frozen=True, slots=True)
class Signed:
    """What the JWS vouches for; `subject` is the id of what the archive is of."""

    subject: str
    created_at: str
    sha256: str
    size: int

    @classmethod
    def of(cls, form: Form, jws: Jws) -> Self:
        """What `jws`, whose signature somebody else checks, says. Raises `UnreadableManifest`."""
        payload = jws.payload
        try:
            if (jws.kind, *_header(payload)) != (form.kind, form.name, form.version):
                raise UnreadableManifest
            listed = payload["manifest"]
            return cls(
                _text(payload[form.subject]),
                _text(payload["created_at"]),
                _hash(listed["sha256"]),
                _size(listed["size"]),
            )
        except (KeyError, TypeError, ValueError):
            raise UnreadableManifest from None


def prove(
    archive: Archive,
    form: Form,
    subject: str,
    created_at: datetime,
    signer: Signer,
    jwks: Sequence[Mapping[str, str]],
) -> None:
    """Adds the public keys, the list of all files and the signature under it; then the archive is
    complete. One call of the signer."""
    archive.add(KEYS, [_json({"keys": [dict(each) for each in jwks]})])
    head = {
        "format": form.name,
        "version": form.version,
        form.subject: subject,
        "created_at": rfc3339(created_at),
    }
    files = [{"name": e.name, "sha256": e.sha256, "size": e.size} for e in archive.files]
    listed = archive.add(MANIFEST, [_json({**head, "files": files})])
    vouched = {**head, "manifest": {"sha256": listed.sha256, "size": listed.size}}
    archive.add(SIGNATURE, [sign(signer, form.kind, vouched).encode("ascii")])


def listed_files(form: Form, manifest: bytes) -> list[PackedFile]:
    """The files that `manifest` lists. Raises `UnreadableManifest`; a name twice is none, too."""
    try:
        value = json.loads(manifest)
        if _header(value) != (form.name, form.version):
            raise UnreadableManifest
        files = [
            PackedFile(_text(each["name"]), _hash(each["sha256"]), _size(each["size"]))
            for each in value["files"]
        ]
    except (KeyError, TypeError, ValueError, RecursionError):
        raise UnreadableManifest from None
    if len({each.name for each in files}) != len(files):
        raise UnreadableManifest
    return files


def parsed_jws(text: bytes) -> Jws:
    """The JWS of an archive. Raises `UnreadableManifest`."""
    try:
        return Jws.parse(text.decode("ascii"))
    except (UnicodeDecodeError, UnreadableJws):
        raise UnreadableManifest from None


def _header(value: Mapping[str, Any]) -> tuple[Any, Any]:
    return value["format"], value["version"]


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode() + b"\n"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _hash(value: Any) -> str:
    if not _HASH.fullmatch(value):
        raise ValueError("no hash")
    return str(value)


def _size(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("no size")
    return value

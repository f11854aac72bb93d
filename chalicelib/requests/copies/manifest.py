"""What makes an archive provable: a list of its files and a signature under that list.

    manifest.json  {format, version, request_id, created_at, files: [{name, sha256, size}]}
    manifest.jws   compact JWS (RFC 7515, ES256) of {format, version, request_id, created_at,
                   manifest: {sha256, size}}, `typ` KIND, `kid` the key's RFC 7638 thumbprint
    keys.json      the public key as a JWK set (RFC 7517); the same is published at
                   /.well-known/jwks.json, and only that one is worth believing

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
from chalicelib.requests.copies.archive import PackedFile

MANIFEST, SIGNATURE, KEYS = "manifest.json", "manifest.jws", "keys.json"
KIND = "jaga-copy+jws"
_FORMAT, _VERSION = "jaga-copy", 1
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


class UnreadableManifest(Internal):
    """A manifest or its signature is none of a version that this code knows."""

    code = "unreadable_manifest"


@dataclass(frozen=True, slots=True)
class Signed:
    """What the JWS vouches for."""

    request_id: str
    created_at: str
    sha256: str
    size: int

    @classmethod
    def of(cls, jws: Jws) -> Self:
        """What `jws`, whose signature somebody else checks, says. Raises `UnreadableManifest`."""
        payload = jws.payload
        try:
            if (jws.kind, *_header(payload)) != (KIND, _FORMAT, _VERSION):
                raise UnreadableManifest
            listed = payload["manifest"]
            return cls(
                _text(payload["request_id"]),
                _text(payload["created_at"]),
                _hash(listed["sha256"]),
                _size(listed["size"]),
            )
        except (KeyError, TypeError, ValueError):
            raise UnreadableManifest from None


def manifest_json(request_id: str, created_at: datetime, files: Sequence[PackedFile]) -> bytes:
    """The list of `files`."""
    listed = [{"name": each.name, "sha256": each.sha256, "size": each.size} for each in files]
    return _json({**_head(request_id, created_at), "files": listed})


def manifest_jws(
    signer: Signer, request_id: str, created_at: datetime, manifest: PackedFile
) -> bytes:
    """The signature under the list. One call of the signer."""
    listed = {"sha256": manifest.sha256, "size": manifest.size}
    payload = {**_head(request_id, created_at), "manifest": listed}
    return sign(signer, KIND, payload).encode("ascii")


def keys_json(jwk: Mapping[str, str]) -> bytes:
    """The JWK set of one key."""
    return _json({"keys": [dict(jwk)]})


def listed_files(manifest: bytes) -> list[PackedFile]:
    """The files that `manifest` lists. Raises `UnreadableManifest`; a name twice is none, too."""
    try:
        value = json.loads(manifest)
        if _header(value) != (_FORMAT, _VERSION):
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


def _head(request_id: str, created_at: datetime) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "version": _VERSION,
        "request_id": request_id,
        "created_at": rfc3339(created_at),
    }


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

"""`python -m chalicelib.requests.copies`: check a copy without us.

    verify COPY.zip [--jwks KEYS.json]

Needs no network, no environment and no AWS. `KEYS.json` is the published key set
(`/.well-known/jwks.json`); without it the copy's own key is taken, which proves that nothing was
changed since, not by whom it was made. Exits with 0 when all is well, with 1 when something is
wrong with the copy, with 2 when the copy or the keys cannot be read at all.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from chalicelib.audit.jws import PublicKey, UnreadableJws
from chalicelib.audit.receipt_keys import without_receipt_keys
from chalicelib.packing.manifest import KEYS
from chalicelib.packing.verifier import content_of, verify
from chalicelib.requests.copies.naming import COPY

HOLDS, BROKEN, UNUSABLE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m chalicelib.requests.copies")
    commands = parser.add_subparsers(required=True)
    check = commands.add_parser("verify", help="check a copy, offline")
    check.add_argument("copy", type=Path)
    check.add_argument("--jwks", type=Path, help="the published keys, as a JWK set")
    options = parser.parse_args(arguments)
    try:
        return _verify(options.copy, options.jwks)
    except UnreadableJws:
        return _unusable("the keys are no JWK set with P-256 keys")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as failure:
        return _unusable(f"cannot read the input: {type(failure).__name__}")


def _verify(copy: Path, jwks: Path | None) -> int:
    if jwks is not None:
        keys = _keys(jwks.read_bytes())
    else:
        own = content_of(copy, KEYS)
        keys = _keys(own) if own else []
    verdict = verify(COPY, copy, keys)
    for key in keys:
        _say(f"key {key.kid} thumbprint {key.thumbprint}")
    if jwks is None:
        _say("the key is the copy's own: give the published one with --jwks")
    if verdict.signed is not None:
        _say(f"copy of request {verdict.signed.subject}, made {verdict.signed.created_at}")
    for finding in verdict.findings:
        _say(f"FOUND {finding}")
    _say("something is wrong" if verdict.findings else f"all is well: {verdict.files} files")
    return BROKEN if verdict.findings else HOLDS


def _keys(jwks: bytes) -> list[PublicKey]:
    return [PublicKey.from_jwk(each) for each in without_receipt_keys(json.loads(jwks)["keys"])]


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _unusable(line: str) -> int:
    sys.stderr.write(line + "\n")
    return UNUSABLE


if __name__ == "__main__":
    sys.exit(main())

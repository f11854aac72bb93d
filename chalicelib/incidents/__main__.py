"""`python -m chalicelib.incidents`: check the evidence of an incident without us.

    verify PACK.zip --key KEYS.json

Needs no network, no environment and no AWS. `KEYS.json` is the published key set
(`/.well-known/jwks.json`) or the JWK of the key that signs packs and the trail. Exits with 0 when
all is well, with 1 when something is wrong with the pack, with 2 when the pack or the keys cannot
be read at all.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from chalicelib.audit.jws import UnreadableJws
from chalicelib.audit.trusted_keys import trusted_keys
from chalicelib.clock import from_millis, rfc3339
from chalicelib.incidents.pack.verifier import verify

HOLDS, BROKEN, UNUSABLE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m chalicelib.incidents")
    commands = parser.add_subparsers(required=True)
    check = commands.add_parser("verify", help="check an evidence pack, offline")
    check.add_argument("pack", type=Path)
    check.add_argument("--key", type=Path, required=True, help="JWK or JWK set to trust")
    options = parser.parse_args(arguments)
    try:
        return _verify(options.pack, options.key)
    except UnreadableJws:
        return _unusable("the keys are no JWK set with P-256 keys")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as failure:
        return _unusable(f"cannot read the input: {type(failure).__name__}")


def _verify(pack: Path, key: Path) -> int:
    keys = trusted_keys(key.read_text())
    verdict = verify(pack, keys)
    for each in keys:
        _say(f"key {each.kid} thumbprint {each.thumbprint}")
    if verdict.signed is not None:
        _say(f"evidence of incident {verdict.signed.subject}, packed {verdict.signed.created_at}")
    if verdict.sealed_until is not None:
        _say(f"the trail is sealed until {rfc3339(from_millis(verdict.sealed_until))}")
    elif not verdict.findings:
        _say(
            "the trail had no checkpoint yet: that it is whole rests on the pack's signature alone"
        )
    for finding in verdict.findings:
        _say(f"FOUND {finding}")
    _say("something is wrong" if verdict.findings else f"all is well: {verdict.files} files")
    return BROKEN if verdict.findings else HOLDS


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _unusable(line: str) -> int:
    sys.stderr.write(line + "\n")
    return UNUSABLE


if __name__ == "__main__":
    sys.exit(main())

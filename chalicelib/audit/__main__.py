"""`python -m chalicelib.audit`: export the trail, verify an export without us, mend its gaps.

    export [--entity type/id ...] [--output FILE]
    verify BUNDLE [--key JWK] [--known JWS ...] [--receipt R [--item ITEM]]
    backfill [--add]

`verify` needs no network and no environment. It exits with 0 when nothing is wrong, else with 1.
`backfill` without `--add` changes nothing, and exits with 1 when digests are missing.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chalicelib.audit.bundle import Bundle, UnreadableBundle
from chalicelib.audit.digests import item_from_json
from chalicelib.audit.entry import Entity, UnfitForTrail
from chalicelib.audit.findings import Finding
from chalicelib.audit.jws import PublicKey, UnreadableJws
from chalicelib.audit.trusted_keys import trusted_keys
from chalicelib.audit.verifier import Inclusion, verify, verify_receipt
from chalicelib.clock import from_millis, rfc3339


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except UnreadableBundle:
        return _fail("the file is no bundle that this version can read")
    except UnreadableJws:
        return _fail("the key is no P-256 JWK with a kid")
    except UnfitForTrail:
        return _fail("an entity is written type/id")
    except (OSError, ValueError) as failure:
        return _fail(f"cannot read the input: {type(failure).__name__}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chalicelib.audit")
    commands = parser.add_subparsers(required=True)
    check = commands.add_parser("verify", help="check an exported bundle, offline")
    check.add_argument("bundle", type=Path)
    check.add_argument("--key", type=Path, help="JWK or JWK set to trust instead of the bundle's")
    check.add_argument(
        "--known", type=Path, action="append", default=[], help="a checkpoint's JWS kept earlier"
    )
    check.add_argument("--receipt", help="also say where this receipt is sealed")
    check.add_argument("--item", type=Path, help="the stored item as DynamoDB JSON")
    check.set_defaults(run=_verify)
    export = commands.add_parser("export", help="write a bundle of the deployed trail")
    export.add_argument("--entity", action="append", help="only this chain (type/id)")
    export.add_argument("--output", type=Path, help="a file instead of standard output")
    export.set_defaults(run=_export)
    backfill = commands.add_parser("backfill", help="find preferences whose digest never arrived")
    backfill.add_argument("--add", action="store_true", help="add the missing digests")
    backfill.set_defaults(run=_backfill)
    return parser


def _verify(options: argparse.Namespace) -> int:
    bundle = Bundle.from_json(json.loads(options.bundle.read_text()))
    keys = trusted_keys(options.key.read_text()) if options.key else bundle.public_keys()
    report = verify(bundle, keys, [path.read_text().strip() for path in options.known])
    _say(f"{report.chains} chains, {report.entries} entries, {report.checkpoints} checkpoints")
    if not bundle.complete:
        _say("the bundle holds chosen chains only")
    if report.sealed_until is not None:
        _say(f"sealed until {rfc3339(from_millis(report.sealed_until))}")
    for key in keys:
        _say(f"key {key.kid} thumbprint {key.thumbprint}")
    if not options.key:
        _say("the key is the bundle's own: compare its thumbprint with one from elsewhere")
    findings = list(report.findings)
    if options.receipt:
        findings += _verify_receipt(bundle, keys, options)
    for finding in findings:
        _say(f"FOUND {finding}")
    _say("something is wrong" if findings else "all is well")
    return 1 if findings else 0


def _verify_receipt(
    bundle: Bundle, keys: Sequence[PublicKey], options: argparse.Namespace
) -> Sequence[Finding]:
    item = item_from_json(_item(options.item)) if options.item else None
    report = verify_receipt(bundle, keys, options.receipt, item)
    for inclusion in report.inclusions:
        _say_inclusion(inclusion)
    return report.findings


def _say_inclusion(inclusion: Inclusion) -> None:
    created = rfc3339(from_millis(inclusion.created_at))
    _say(f"receipt is leaf {inclusion.index} of {inclusion.size} of checkpoint {inclusion.number}")
    _say(f"  made {created}, root {inclusion.root.hex()}")
    for sibling in inclusion.proof:
        _say(f"  proof {sibling.hex()}")


def _export(options: argparse.Namespace) -> int:
    # Imported here: verifying needs neither AWS nor the environment.
    from chalicelib.services import services  # noqa: PLC0415

    here = services()
    chosen = [Entity.parse(text) for text in options.entity] if options.entity else None
    bundle = here.exporter.export([here.signer.public_jwk()], chosen)
    text = json.dumps(bundle.to_json(), separators=(",", ":"))
    if options.output:
        options.output.write_text(text)
    else:
        _say(text)
    return 0


def _backfill(options: argparse.Namespace) -> int:
    from chalicelib.audit.archive import Archive  # noqa: PLC0415  # see above
    from chalicelib.audit.backfill import Backfill  # noqa: PLC0415
    from chalicelib.audit.collector import Collector  # noqa: PLC0415
    from chalicelib.services import services  # noqa: PLC0415

    here = services()
    backfill = Backfill(
        here.preferences,
        Archive(here.s3, here.settings.trail_bucket),
        Collector(here.records, here.audit),
        here.trail,
        here.digest_book,
        here.clock,
    )
    gap = backfill.find()
    missing = len(gap.missing)
    _say(f"{gap.preferences} preferences, {missing} digests missing")
    if gap.undigestible:
        _say(f"{gap.undigestible} items cannot be digested: our code never wrote them")
    if options.add:
        backfill.add(gap)
        _say(f"{missing} digests added, for the next checkpoint")
        return 0
    return 1 if missing else 0


def _item(path: Path) -> dict[str, Any]:
    value = json.loads(path.read_text())
    return dict(value.get("Item", value))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _fail(line: str) -> int:
    sys.stderr.write(line + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())

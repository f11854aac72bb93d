"""`python -m chalicelib.retention`: the erasure ledger, its replay after a restore, the backfill.

    export --output FILE                        the ledger's signed documents, one a line
    verify FILE --key JWK [--trail BUNDLE]      checks them, and prints what was destroyed
    replay [--do] [--places]                    makes restored tables true again
    backfill                                    registers what ended before there were records

`verify` needs no network and no environment. BUNDLE is an export of the trail
(`python -m chalicelib.audit export`), verified on its own: with it documents that were cut off at
the end are found. `replay` without `--do` changes nothing; with `--places` rows of connected places
go too, since those were restored as well. It does nothing by a ledger that is unsound, unless told
to (`--despite-findings`), and takes the keys of former documents with `--key`. All exit with 0 when
nothing is wrong or left to do, else with 1.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from chalicelib.audit.bundle import Bundle, UnreadableBundle
from chalicelib.audit.erasure_verifier import Report, noted_in, verify_erasures
from chalicelib.audit.jws import PublicKey, UnreadableJws
from chalicelib.audit.trusted_keys import trusted_keys
from chalicelib.clock import from_millis, rfc3339
from chalicelib.tables.schema import UnreadableItem


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (UnreadableBundle, UnreadableItem):
        return _fail("the bundle is none that this version can read")
    except UnreadableJws:
        return _fail("the key is no P-256 JWK with a kid")
    except (OSError, ValueError) as failure:
        return _fail(f"cannot read the input: {type(failure).__name__}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chalicelib.retention")
    commands = parser.add_subparsers(required=True)
    export = commands.add_parser("export", help="write the ledger's documents to a file")
    export.add_argument("--output", type=Path, required=True)
    export.set_defaults(run=_export)
    check = commands.add_parser("verify", help="check exported documents, offline")
    check.add_argument("documents", type=Path)
    check.add_argument("--key", type=Path, required=True, help="JWK or JWK set to trust")
    check.add_argument("--trail", type=Path, help="a bundle of the trail, to find a cut-off end")
    check.set_defaults(run=_verify)
    replay = commands.add_parser("replay", help="make restored tables true again")
    replay.add_argument("--do", action="store_true", help="do it, rather than say what is left")
    replay.add_argument("--places", action="store_true", help="connected places were restored too")
    replay.add_argument("--key", type=Path, help="JWK or JWK set to trust beside the present key")
    replay.add_argument("--despite-findings", action="store_true", help="by an unsound ledger too")
    replay.set_defaults(run=_replay)
    backfill = commands.add_parser("backfill", help="register what ended before there were records")
    backfill.set_defaults(run=_backfill)
    return parser


def _export(options: argparse.Namespace) -> int:
    # Imported here: verifying needs neither AWS nor the environment.
    from chalicelib.services import services  # noqa: PLC0415

    texts = list(services().erasing.documents())
    options.output.write_text("".join(f"{text}\n" for text in texts))
    _say(f"{len(texts)} documents")
    return 0


def _verify(options: argparse.Namespace) -> int:
    keys, noted = trusted_keys(options.key.read_text()), []
    if options.trail:
        noted = noted_in(Bundle.from_json(json.loads(options.trail.read_text())).chains)
    report = verify_erasures(options.documents.read_text().split(), keys, noted)
    for document in report.documents:
        until = rfc3339(from_millis(document.end))
        _say(f"document {document.number}, {len(document.lines)} lines, until {until}")
        for line in document.lines:
            run = f" run {line.facts['run']}" if line.facts.get("run") else ""
            rule = f" rule {line.rule}" if line.rule else ""
            _say(f"  {rfc3339(line.moment)} {line.kind} {line.id} means {line.means}{rule}{run}")
    return _concluded(report)


def _replay(options: argparse.Namespace) -> int:
    from chalicelib.retention.replay.service import counts_of  # noqa: PLC0415  # see above
    from chalicelib.services import services  # noqa: PLC0415

    here = services()
    former = trusted_keys(options.key.read_text()) if options.key else []
    keys = [PublicKey.from_jwk(here.signer.public_jwk()), *former]
    last = here.erasing.last()
    ledger = verify_erasures(here.erasing.documents(), keys, [last] if last else [])
    wrong = _concluded(ledger)
    left = here.replay.find(line for each in ledger.documents for line in each.lines)
    _say(
        f"{left.lines} things were destroyed; left: {len(left.heads)} heads behind their chains, "
        f"{len(left.keys)} keys with what is under them, {len(left.records)} records"
    )
    # What happened since the backup; whose it was is in the trail.
    for action, count in sorted(Counter(end.action for end in left.heads).items()):
        _say(f"  {count} chains went on until {action}")
    if left.unbelievable:
        _say(f"FOUND {left.unbelievable} lines that nobody of ours can have written")
        wrong = 1
    if not options.do or (wrong and not options.despite_findings):
        return wrong or int(not left.is_nothing)
    report = here.replay.do(left, at_places=options.places)
    _say(f"done: {counts_of(report)}")
    return wrong or int(report.failed > 0)


def _backfill(_options: argparse.Namespace) -> int:
    from chalicelib.services import services  # noqa: PLC0415  # see above

    for collection, count in services().own_backfill.run().items():
        _say(f"{count} {collection.value} registered")
    return 0


def _concluded(report: Report) -> int:
    for finding in report.findings:
        _say(f"FOUND {finding}")
    _say("something is wrong with the ledger" if report.findings else "the ledger is sound")
    return 1 if report.findings else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _fail(line: str) -> int:
    sys.stderr.write(line + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())

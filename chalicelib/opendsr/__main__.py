"""`python -m chalicelib.opendsr`: the certificate of what partners are told.

    request [--output FILE]   a request (PKCS #10) for a certificate authority
    install FILE              puts the authority's certificate, with its chain, in force
    self-sign                 puts one in force that only we vouch for: to try things out

The deployment's names are read from the environment (`JAGA_*`), as the functions do.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from chalicelib.services import Services, services
from chalicelib.vault.certificates import certificate_request, check_chain, self_signed
from chalicelib.vault.errors import UnfitCertificate


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m chalicelib.opendsr")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("request", help="print a request for an authority").add_argument(
        "--output", type=Path, help="a file instead of standard output"
    )
    commands.add_parser("install", help="put a certificate in force").add_argument(
        "certificate", type=Path
    )
    commands.add_parser("self-sign", help="put a self-signed one in force")
    options = parser.parse_args(arguments)
    here = services()
    match options.command:
        case "request":
            return _request(here, options.output)
        case "install":
            return _install(here, options.certificate)
    self_sign(here)
    return 0


def self_sign(here: Services) -> None:
    """Puts a self-signed certificate in force."""
    pem = self_signed(here.partner_signer, here.settings.opendsr_domain, here.clock.now())
    _put(here, pem)


def _request(here: Services, output: Path | None) -> int:
    pem = certificate_request(here.partner_signer, here.settings.opendsr_domain)
    if output is None:
        sys.stdout.write(pem)
    else:
        output.write_text(pem, "ascii")
    return 0


def _install(here: Services, path: Path) -> int:
    pem = path.read_text("ascii")
    try:
        check_chain(pem, here.partner_signer, here.settings.opendsr_domain, here.clock.now())
    except UnfitCertificate as unfit:
        sys.stderr.write(f"refused: {unfit.fields[0].code}\n")
        return 1
    _put(here, pem)
    return 0


def _put(here: Services, pem: str) -> None:
    action = here.partner_certificates.put_action(pem, here.clock.now())
    here.run_command(lambda: [action])


if __name__ == "__main__":
    sys.exit(main())

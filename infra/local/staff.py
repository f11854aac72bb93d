"""The staff of the local stage: one account for each role.

    .venv/bin/python -m infra.local.staff dpo

signs in to the stack that `make run` runs and prints an access token.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from pyotp import TOTP

from chalicelib.http.permissions import Role
from infra.local.accounts import Account, StaffPool, new_password
from infra.local.private import HOME, write_private

_DOMAIN = "jutsoo.test"  # RFC 6761: mail to it reaches nobody


def enrol_staff(pool: StaffPool, book: Path) -> list[Account]:
    """The account of each role. Running it again changes nothing.

    What it takes to sign in is kept in the file `book`. An account that is not in it, or has no
    second factor because a run was killed, is made anew.
    """
    kept = {account.role: account for account in _read(book)}
    for role in Role:
        email = f"{role}@{_DOMAIN}"
        if role in kept and pool.is_enrolled(email):
            continue
        pool.remove(email)
        kept[role], session = pool.start(email, role, new_password())
        # Before it is finished: whatever is enrolled is in the book.
        write_private(book, json.dumps([asdict(each) for each in kept.values()], indent=2))
        pool.finish(kept[role], session)
    return [kept[role] for role in Role]


def _read(book: Path) -> list[Account]:
    if not book.exists():
        return []
    return [Account(**each) for each in json.loads(book.read_text("utf-8"))]


def main(role: str) -> None:
    """The command."""
    run = json.loads((HOME / "run.json").read_text("utf-8"))
    account = next(Account(**each) for each in run["staff"] if each["role"] == role)
    cognito = boto3.client(
        "cognito-idp",
        region_name=run["region"],
        endpoint_url=run["endpoint_url"],
        config=Config(signature_version=UNSIGNED),
    )
    pool = StaffPool(cognito, run["staff_pool"]["pool_id"], run["staff_pool"]["client_id"])
    session = pool.give_password(account.email, account.password)
    code = TOTP(account.totp_secret).now()
    print(pool.give_code(account.email, session, code)["AccessToken"])


if __name__ == "__main__":
    main(sys.argv[1])

"""Runs the stack in the foreground until SIGINT, SIGTERM, or until `.jaga/run.json` is deleted."""

import json
import os
import signal
import sys
import threading
from dataclasses import asdict

from infra.local.aws import REGION, PortTaken
from infra.local.deploy import DeploymentFailed
from infra.local.private import HOME, write_private
from infra.local.stack import Stack, StateInUse
from infra.local.verify import Unverified

DEFAULT_PORT = 7420


def main() -> int:
    """Exit code 0 after a signal, 1 when it could not start or ended by itself."""
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    stack = Stack(HOME.resolve(), int(os.environ.get("PORT") or DEFAULT_PORT))
    described = HOME / "run.json"
    try:
        stack.take_home()
        described.unlink(missing_ok=True)  # of a run that was killed
        stack.start()
        write_private(described, json.dumps(_description(stack), indent=2) + "\n")
        _print_urls(stack)
        # Whoever deletes run.json wants us to end: make, when it alone is interrupted (Makefile).
        while described.exists() and not stop.wait(0.5):
            if not stack.aws.running:
                print(f"The embedded AWS ended; see {stack.aws.log_file}", file=sys.stderr)
                return 1
    except PortTaken as error:
        print(f"{error}. Give another: make run PORT=7500", file=sys.stderr)
        return 1
    except (DeploymentFailed, StateInUse, Unverified) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        if stack.holds_home:
            described.unlink(missing_ok=True)
        stack.stop()
    print(f"\nStopped. The records stay in {HOME.name}/.")
    return 0


def _description(stack: Stack) -> dict[str, object]:
    return {
        "api_url": stack.api_url,
        "site_url": stack.site_url,
        "console_url": None,  # there is no console yet
        "region": REGION,
        "endpoint_url": stack.endpoint_url,
        "tables": stack.tables,
        "staff": [asdict(account) for account in stack.staff],
        "staff_pool": {
            "pool_id": stack.staff_pool.pool_id,
            "client_id": stack.staff_pool.client_id,
        },
        "platform": asdict(stack.platform),
        "platform_users": [asdict(stack.platform_user)],
    }


def _print_urls(stack: Stack) -> None:
    print(f"Site          {stack.site_url}")
    print(f"API           {stack.api_url}/v1")
    print(f"Embedded AWS  {stack.endpoint_url}")
    if stack.published:
        print(f"Banner        {stack.api_url}/v1/sites/{stack.published.site_id}/banner.js")
        print(f"  integrity   {stack.published.integrity}")
    print(f"Staff         {', '.join(account.email for account in stack.staff)}")
    print(f"  sign in     password and TOTP secret in {HOME.name}/run.json (docs/sign-in.md)")
    print("  or          .venv/bin/python -m infra.local.staff dpo  # prints an access token")
    print("Jaga is ready", flush=True)

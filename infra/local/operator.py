"""Runs an operator's command on the stack that `make run` runs.

    .venv/bin/python -m infra.local.operator chalicelib.retention replay

runs `python -m chalicelib.retention replay` with the environment of a function and the account's
credentials, as docs/deploy.md says it for AWS.
"""

import os
import runpy
import sys

import boto3

from infra.local.aws import PROFILE
from infra.local.deploy import environment
from infra.local.private import HOME


def main(arguments: list[str]) -> None:
    """The command."""
    os.environ |= {
        "AWS_CONFIG_FILE": str(HOME / "aws-config"),
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_PROFILE": PROFILE,
    }
    os.environ |= environment(boto3.Session())
    sys.argv = arguments
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])

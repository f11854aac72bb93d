"""The client platform's database on the local stage: where it is, and the secret that opens it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from infra.local.aws import ACCOUNT, REGION
from infra.local.postgres import CLUSTER, USER, ensure_password

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CLUSTER_ARN = f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:{CLUSTER}"
SECRET = "jutsoo-platform-database"  # noqa: S105  # its name


def connect_database(session: boto3.Session, home: Path) -> dict[str, str]:
    """The parameters of the stack that let it reach the database."""
    return {
        "ConnectedClusterArns": CLUSTER_ARN,
        "ConnectedSecretArns": share_password(session, home),
    }


def share_password(session: boto3.Session, home: Path) -> str:
    """Puts the database's password into the platform's secret; returns the secret's ARN.

    Running it again changes nothing.
    """
    secrets: SecretsManagerClient = session.client("secretsmanager")
    value = json.dumps({"username": USER, "password": ensure_password(home)})
    try:
        secrets.put_secret_value(SecretId=SECRET, SecretString=value)
        return secrets.describe_secret(SecretId=SECRET)["ARN"]
    except secrets.exceptions.ResourceNotFoundException:
        return secrets.create_secret(Name=SECRET, SecretString=value)["ARN"]

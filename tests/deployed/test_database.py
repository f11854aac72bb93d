"""The platform's database on the deployed stack: a real PostgreSQL, for the worker alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.platform.database import CLUSTER_ARN, share_password
from infra.local.stack import Stack
from tests.deployed.test_permissions import REFUSALS, _session

WORKER, API = "FulfilRequestsRole", "ApiHandlerRole"


@pytest.fixture(scope="module")
def secret(stack: Stack) -> str:
    return share_password(stack.session, stack.home)


def run(stack: Stack, role: str, secret: str, cluster: str = CLUSTER_ARN) -> list[Any]:
    client = _session(stack, role).client("rds-data", endpoint_url=stack.endpoint_url)
    answer = client.execute_statement(
        resourceArn=cluster, secretArn=secret, database="postgres", sql="SELECT version()"
    )
    return list(answer["records"])


def test_the_worker_reaches_a_real_postgresql(stack: Stack, secret: str) -> None:
    ((version,),) = run(stack, WORKER, secret)
    assert version["stringValue"].startswith("PostgreSQL")


@pytest.mark.parametrize(
    "attempt",
    [
        lambda stack, secret: run(stack, API, secret),
        lambda stack, secret: run(stack, "SendWebhooksRole", secret),
        lambda stack, secret: run(stack, WORKER, secret, f"{CLUSTER_ARN}-other"),
        lambda stack, _: run(stack, WORKER, _other_secret(stack)),
    ],
    ids=["the API", "the webhooks", "another cluster", "another secret"],
)
def test_nobody_else_and_nowhere_else(
    stack: Stack, secret: str, attempt: Callable[[Stack, str], object]
) -> None:
    with pytest.raises(ClientError) as refusal:
        attempt(stack, secret)
    assert refusal.value.response["Error"]["Code"] in REFUSALS


def _other_secret(stack: Stack) -> str:
    secrets = stack.session.client("secretsmanager")
    try:
        return secrets.create_secret(Name="other", SecretString="{}")["ARN"]
    except secrets.exceptions.ResourceExistsException:
        return secrets.describe_secret(SecretId="other")["ARN"]


def test_what_is_stored_lasts_over_restarts(tmp_path: Path) -> None:
    def sql(stack: Stack, text: str) -> list[Any]:
        answer = stack.session.client("rds-data").execute_statement(
            resourceArn=CLUSTER_ARN,
            secretArn=share_password(stack.session, stack.home),
            database="postgres",
            sql=text,
        )
        return answer["records"]

    with Stack(tmp_path / "home") as stack:
        sql(stack, "CREATE TABLE kept AS SELECT 'yes'::text AS word")
    with Stack(tmp_path / "home") as stack:
        assert sql(stack, "SELECT word FROM kept") == [[{"stringValue": "yes"}]]


def test_the_password_is_its_owners_alone(stack: Stack, secret: str) -> None:
    assert secret
    assert (stack.home / "postgres.password").stat().st_mode & 0o077 == 0

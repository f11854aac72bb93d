"""What each function's role may not do, asked of the deployed stack with its own credentials.

The embedded AWS checks signatures, the roles' policies, key policies and bucket policies on every
call; that the rest of this folder passes shows what the roles may do.
"""

from collections.abc import Callable

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.local.aws import REGION
from infra.local.deploy import STACK
from infra.local.stack import Stack

type Attempt = Callable[[boto3.Session, Stack], object]

KEY = {"pk": {"S": "x"}, "sk": {"S": "x"}}
REFUSALS = {"AccessDenied", "AccessDeniedException"}


def _session(stack: Stack, role: str) -> boto3.Session:
    """A session with the credentials of the role whose logical name is `role`."""
    described = stack.session.client("cloudformation").describe_stack_resource(
        StackName=STACK, LogicalResourceId=role
    )
    name = described["StackResourceDetail"]["PhysicalResourceId"]
    account = stack.session.client("sts").get_caller_identity()["Account"]
    assumed = stack.session.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/{name}", RoleSessionName="test"
    )["Credentials"]
    return boto3.Session(
        aws_access_key_id=assumed["AccessKeyId"],
        aws_secret_access_key=assumed["SecretAccessKey"],
        aws_session_token=assumed["SessionToken"],
        region_name=REGION,
    )


def _delete(table: str) -> Attempt:
    return lambda session, stack: session.client(
        "dynamodb", endpoint_url=stack.endpoint_url
    ).delete_item(TableName=stack.tables[table], Key=KEY)


def _get(table: str) -> Attempt:
    return lambda session, stack: session.client(
        "dynamodb", endpoint_url=stack.endpoint_url
    ).get_item(TableName=stack.tables[table], Key=KEY)


def _scan(table: str) -> Attempt:
    return lambda session, stack: session.client("dynamodb", endpoint_url=stack.endpoint_url).scan(
        TableName=stack.tables[table]
    )


def _update(table: str) -> Attempt:
    return lambda session, stack: session.client(
        "dynamodb", endpoint_url=stack.endpoint_url
    ).update_item(
        TableName=stack.tables[table],
        Key=KEY,
        UpdateExpression="SET a = :a",
        ExpressionAttributeValues={":a": {"S": "x"}},
    )


def _delete_in_a_transaction(table: str) -> Attempt:
    return lambda session, stack: session.client(
        "dynamodb", endpoint_url=stack.endpoint_url
    ).transact_write_items(
        TransactItems=[{"Delete": {"TableName": stack.tables[table], "Key": KEY}}]
    )


def _data_key(**context: str) -> Attempt:
    return lambda session, stack: session.client(
        "kms", endpoint_url=stack.endpoint_url
    ).generate_data_key(
        KeyId=stack.settings.vault_key_id, NumberOfBytes=32, EncryptionContext=context
    )


def _use_storage_key(session: boto3.Session, stack: Stack) -> object:
    return session.client("kms", endpoint_url=stack.endpoint_url).generate_data_key(
        KeyId=stack.deployment.outputs["StorageKeyArn"], NumberOfBytes=32
    )


def _sign(session: boto3.Session, stack: Stack) -> object:
    return session.client("kms", endpoint_url=stack.endpoint_url).sign(
        KeyId=stack.settings.signing_key_id,
        Message=b"x",
        MessageType="RAW",
        SigningAlgorithm="ECDSA_SHA_256",
    )


def _schedule_key_deletion(session: boto3.Session, stack: Stack) -> object:
    return session.client("kms", endpoint_url=stack.endpoint_url).schedule_key_deletion(
        KeyId=stack.settings.vault_key_id
    )


def _put_object(key: str) -> Attempt:
    return lambda session, stack: session.client("s3", endpoint_url=stack.endpoint_url).put_object(
        Bucket=stack.settings.trail_bucket, Key=key, Body=b"x"
    )


def _delete_object(session: boto3.Session, stack: Stack) -> object:
    return session.client("s3", endpoint_url=stack.endpoint_url).delete_object(
        Bucket=stack.settings.trail_bucket, Key="checkpoints/x"
    )


def _attach_policy(session: boto3.Session, stack: Stack) -> object:
    return session.client("iam", endpoint_url=stack.endpoint_url).create_role(
        RoleName="more", AssumeRolePolicyDocument="{}"
    )


FORBIDDEN: list[tuple[str, str, Attempt]] = [
    ("ApiHandlerRole", "delete a wrapped key", _delete("keys")),
    ("ApiHandlerRole", "delete one in a transaction", _delete_in_a_transaction("keys")),
    ("ApiHandlerRole", "change a wrapped key", _update("keys")),
    ("ApiHandlerRole", "read every choice", _scan("preferences")),
    ("ApiHandlerRole", "delete a choice", _delete("preferences")),
    ("ApiHandlerRole", "delete an audit entry", _delete("audit")),
    ("ApiHandlerRole", "make a key without context", _data_key()),
    ("ApiHandlerRole", "make a key of another stage", _data_key(application="jaga", stage="prod")),
    ("ApiHandlerRole", "use the storage key itself", _use_storage_key),
    ("ApiHandlerRole", "sign a checkpoint", _sign),
    ("ApiHandlerRole", "delete the vault's key", _schedule_key_deletion),
    ("ApiHandlerRole", "write a checkpoint", _put_object("checkpoints/x")),
    ("ApiHandlerRole", "make a role", _attach_policy),
    ("DigestPreferencesRole", "read a wrapped key", _get("keys")),
    ("DigestPreferencesRole", "read a choice", _get("preferences")),
    ("DigestPreferencesRole", "change an audit entry", _update("audit")),
    (
        "DigestPreferencesRole",
        "make a data key",
        _data_key(application="jaga", stage="local"),
    ),
    ("CheckpointTrailRole", "read a wrapped key", _get("keys")),
    ("CheckpointTrailRole", "read a choice", _get("preferences")),
    ("CheckpointTrailRole", "change an audit entry", _update("audit")),
    ("CheckpointTrailRole", "delete an audit entry", _delete_in_a_transaction("audit")),
    ("CheckpointTrailRole", "make a data key", _data_key(application="jaga", stage="local")),
    ("CheckpointTrailRole", "write elsewhere in the bucket", _put_object("elsewhere")),
    ("CheckpointTrailRole", "delete a checkpoint", _delete_object),
]


@pytest.mark.parametrize(
    ("role", "attempt"),
    [(role, attempt) for role, _, attempt in FORBIDDEN],
    ids=[f"{role} may not {what}" for role, what, _ in FORBIDDEN],
)
def test_a_role_may_not(stack: Stack, role: str, attempt: Attempt) -> None:
    with pytest.raises(ClientError) as refused:
        attempt(_session(stack, role), stack)
    assert refused.value.response["Error"]["Code"] in REFUSALS, refused.value


ALLOWED: list[tuple[str, str, Attempt]] = [
    ("ApiHandlerRole", "make a data key", _data_key(application="jaga", stage="local")),
    ("ApiHandlerRole", "read a wrapped key", _get("keys")),
    ("CheckpointTrailRole", "sign", _sign),
]


@pytest.mark.parametrize(
    ("role", "attempt"),
    [(role, attempt) for role, _, attempt in ALLOWED],
    ids=[f"{role} may {what}" for role, what, _ in ALLOWED],
)
def test_the_refusals_are_not_of_everything(stack: Stack, role: str, attempt: Attempt) -> None:
    assert attempt(_session(stack, role), stack)

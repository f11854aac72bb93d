"""Deploys what `make package` built, through CloudFormation, as it is deployed to AWS."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError, WaiterError

from infra.package import ARTIFACT, TEMPLATE

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef, TagTypeDef
    from mypy_boto3_s3 import S3Client

ARTIFACTS = "jaga-artifacts"
STAGE = "local"
STACK = f"jaga-{STAGE}"
PARAMETERS = {
    "Stage": STAGE,
    "ArtifactBucket": ARTIFACTS,
    "TrailRetentionDays": "1",  # a laptop's checkpoints need not outlive it
}
_TAGS: "list[TagTypeDef]" = [{"Key": "application", "Value": "jaga"}]


class DeploymentFailed(Exception):
    """CloudFormation did not reach the template; the message has its reasons."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """What the stack says of itself."""

    outputs: Mapping[str, str]
    environment: Mapping[str, str]
    """The environment of the functions: `JAGA_*`."""
    changed: bool
    """Whether anything had to be done."""


def deploy(session: boto3.Session, connected: Mapping[str, str]) -> Deployment:
    """Creates the stack or updates it to `dist/`; nothing happens when it is there already.

    `connected` are the parameters that name places of others. Raises `DeploymentFailed`.
    """
    s3 = session.client("s3")
    artifact = _upload(s3, ARTIFACT)
    template = _upload(s3, TEMPLATE)
    cloudformation = session.client("cloudformation")
    # By address: CloudFormation takes at most 51,200 bytes in the call itself.
    url = f"{s3.meta.endpoint_url}/{ARTIFACTS}/{template}"
    parameters = {
        **PARAMETERS,
        "ArtifactKey": artifact,
        "DemonstrationEndpoint": s3.meta.endpoint_url,
        **connected,
    }
    changed = _apply(cloudformation, url, parameters)
    return Deployment(_outputs(cloudformation), environment(session), changed)


def environment(session: boto3.Session) -> Mapping[str, str]:
    """The environment of the functions of what is deployed: `JAGA_*`."""
    outputs = _outputs(session.client("cloudformation"))
    configuration = session.client("lambda").get_function_configuration(
        FunctionName=outputs["APIHandlerName"]
    )
    variables: Mapping[str, str] = configuration["Environment"]["Variables"]
    return variables


def _upload(s3: "S3Client", path: Path) -> str:
    """Puts the file under a key that names its content. Returns the key."""
    content = path.read_bytes()
    key = f"jaga/{hashlib.sha256(content).hexdigest()}{path.suffix}"
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(
            Bucket=ARTIFACTS, CreateBucketConfiguration={"LocationConstraint": "ap-southeast-3"}
        )
    s3.put_object(Bucket=ARTIFACTS, Key=key, Body=content)
    return key


def _apply(
    cloudformation: "CloudFormationClient", template_url: str, values: Mapping[str, str]
) -> bool:
    parameters: list[ParameterTypeDef] = [
        {"ParameterKey": name, "ParameterValue": value} for name, value in values.items()
    ]
    try:
        cloudformation.describe_stacks(StackName=STACK)
    except ClientError:
        cloudformation.create_stack(
            StackName=STACK,
            TemplateURL=template_url,
            Parameters=parameters,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Tags=_TAGS,
        )
        _await(cloudformation, "stack_create_complete")
        return True
    try:
        cloudformation.update_stack(
            StackName=STACK,
            TemplateURL=template_url,
            Parameters=parameters,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Tags=_TAGS,
        )
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return False
        raise
    _await(cloudformation, "stack_update_complete")
    return True


def _await(cloudformation: "CloudFormationClient", state: str) -> None:
    try:
        cloudformation.get_waiter(state).wait(  # type: ignore[call-overload]  # two of the overloads
            StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
        )
    except WaiterError as error:
        events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
        reasons = [
            f"{event.get('LogicalResourceId')}: {event['ResourceStatusReason']}"
            for event in events
            if event.get("ResourceStatusReason") and "FAILED" in event.get("ResourceStatus", "")
        ]
        raise DeploymentFailed("\n".join(reasons) or str(error)) from error


def _outputs(cloudformation: "CloudFormationClient") -> dict[str, str]:
    stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}

"""What the embedded CloudFormation leaves out of our template, put right through the services' APIs.

Each step is here because `infra.local.verify` found its subject missing; the services themselves
know it. On AWS CloudFormation does all of this.
"""

import json
from typing import Any

import boto3

from infra.local.deploy import PARAMETERS, Deployment
from infra.package import TEMPLATE


def supplement(session: boto3.Session, deployment: Deployment) -> None:
    """Applies what is missing. Running it again changes nothing."""
    _supplement_tables(session, deployment)
    _supplement_bucket(session, deployment)


def _supplement_tables(session: boto3.Session, deployment: Deployment) -> None:
    """Encryption with our own key, and point-in-time recovery."""
    dynamodb = session.client("dynamodb")
    resources: dict[str, Any] = json.loads(TEMPLATE.read_text(encoding="utf-8"))["Resources"]
    for logical, resource in resources.items():
        if resource["Type"] != "AWS::DynamoDB::Table":
            continue
        name = deployment.outputs[logical]
        if not dynamodb.describe_table(TableName=name)["Table"].get("SSEDescription"):
            key = deployment.outputs["StorageKeyArn"]
            dynamodb.update_table(
                TableName=name,
                SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
            )
        dynamodb.update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification=resource["Properties"][
                "PointInTimeRecoverySpecification"
            ],
        )


def _supplement_bucket(session: boto3.Session, deployment: Deployment) -> None:
    """The object lock."""
    s3 = session.client("s3")
    bucket = deployment.outputs["TrailBucket"]
    try:
        s3.get_object_lock_configuration(Bucket=bucket)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "ObjectLockConfigurationNotFoundError":
            raise
        days = int(PARAMETERS["TrailRetentionDays"])
        s3.put_object_lock_configuration(
            Bucket=bucket,
            ObjectLockConfiguration={
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": days}},
            },
        )

"""What the embedded CloudFormation leaves out of our template, put right by the services' APIs.

Each step is here because `infra.local.verify` found its subject missing; the services themselves
know it. On AWS CloudFormation does all of this.
"""

import json
from typing import Any

import boto3

from infra.local.deploy import PARAMETERS, Deployment
from infra.package import TEMPLATE

_ARCHIVE = ("ArchiveBucket", 1)
"""The archive, and the days that it locks what comes without a date of its own."""


def supplement(session: boto3.Session, deployment: Deployment) -> None:
    """Applies what is missing. Running it again changes nothing."""
    template: dict[str, Any] = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    resources: dict[str, Any] = template["Resources"]
    _supplement_tables(session, deployment, resources)
    for output, days in (("TrailBucket", int(PARAMETERS["TrailRetentionDays"])), _ARCHIVE):
        _supplement_lock(session, deployment.outputs[output], days)
    _supplement_exports(session, deployment, resources)
    _supplement_api(session, deployment, resources)
    _supplement_mail(session, deployment)


def _supplement_tables(
    session: boto3.Session, deployment: Deployment, resources: dict[str, Any]
) -> None:
    """Encryption with our own key, point-in-time recovery, time to live."""
    dynamodb = session.client("dynamodb")
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
        expiry = resource["Properties"].get("TimeToLiveSpecification")
        present = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        if expiry and present.get("TimeToLiveStatus") != "ENABLED":
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=expiry)


def _supplement_lock(session: boto3.Session, bucket: str, days: int) -> None:
    """The object lock."""
    s3 = session.client("s3")
    try:
        s3.get_object_lock_configuration(Bucket=bucket)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "ObjectLockConfigurationNotFoundError":
            raise
        s3.put_object_lock_configuration(
            Bucket=bucket,
            ObjectLockConfiguration={
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": days}},
            },
        )


def _supplement_exports(
    session: boto3.Session, deployment: Deployment, resources: dict[str, Any]
) -> None:
    """The end of everything in the exports bucket, and its encryption with our own key."""
    described = resources["ExportsBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    s3 = session.client("s3")
    bucket = deployment.outputs["ExportsBucket"]
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [
                {
                    "BucketKeyEnabled": True,
                    "ApplyServerSideEncryptionByDefault": {
                        "SSEAlgorithm": "aws:kms",
                        "KMSMasterKeyID": deployment.outputs["StorageKeyArn"],
                    },
                }
            ]
        },
    )
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": rule["Id"],
                    "Status": rule["Status"],
                    "Filter": {"Prefix": ""},
                    "Expiration": {"Days": rule["ExpirationInDays"]},
                    "AbortIncompleteMultipartUpload": rule["AbortIncompleteMultipartUpload"],
                }
                for rule in described
            ]
        },
    )


def _supplement_api(
    session: boto3.Session, deployment: Deployment, resources: dict[str, Any]
) -> None:
    """The gateway's own answers, which the import of the API's definition passes over.

    A deployment freezes them, so a change takes a new one.
    """
    gateway = session.client("apigateway")
    api = deployment.outputs["RestAPIId"]
    described = resources["RestAPI"]["Properties"]
    changed = False
    for kind, response in described["GatewayResponses"].items():
        parameters = {
            f"gatewayresponse.header.{name}": value
            for name, value in response["ResponseParameters"]["Headers"].items()
        }
        present = gateway.get_gateway_response(restApiId=api, responseType=kind)
        if (
            present.get("responseParameters") == parameters
            and present.get("responseTemplates") == response["ResponseTemplates"]
            and response.get("StatusCode") in {None, present.get("statusCode")}
        ):
            continue
        gateway.put_gateway_response(
            restApiId=api,
            responseType=kind,
            **({"statusCode": response["StatusCode"]} if "StatusCode" in response else {}),
            responseParameters=parameters,
            responseTemplates=response["ResponseTemplates"],
        )
        changed = True
    if changed or deployment.changed:
        gateway.create_deployment(restApiId=api, stageName=described["StageName"])


def _supplement_mail(session: boto3.Session, deployment: Deployment) -> None:
    """The topic's encryption, and that SES reports to it.

    The embedded SES publishes no events of a configuration set, only the notifications of an
    identity; and it takes the domain for verified as soon as the identity is there.
    """
    topic = deployment.outputs["FeedbackTopicArn"]
    session.client("sns").set_topic_attributes(
        TopicArn=topic,
        AttributeName="KmsMasterKeyId",
        AttributeValue=deployment.outputs["StorageKeyArn"],
    )
    ses = session.client("ses")
    for kind in ("Bounce", "Complaint"):
        ses.set_identity_notification_topic(
            Identity=deployment.outputs["MailDomain"], NotificationType=kind, SnsTopic=topic
        )

"""Asks the deployed stack whether it is what the template says, where that protects data."""

import boto3

from infra.local.deploy import Deployment


class Unverified(Exception):
    """The stack lacks a protection; the message names each."""


def verify(session: boto3.Session, deployment: Deployment) -> None:
    """Raises `Unverified`, listing every protection that is missing."""
    missing = [
        *_missing_of_tables(session, deployment),
        *_missing_of_keys(session, deployment),
        *_missing_of_bucket(session, deployment, "TrailBucket"),
        *_missing_of_bucket(session, deployment, "ArchiveBucket"),
        *_missing_of_exports(session, deployment),
        *_missing_of_pools(session, deployment),
    ]
    if missing:
        raise Unverified("the deployed stack lacks:\n" + "\n".join(missing))


def _missing_of_tables(session: boto3.Session, deployment: Deployment) -> list[str]:
    dynamodb = session.client("dynamodb")
    missing = []
    for output in ("RecordsTable", "PreferencesTable", "AuditTable", "KeysTable"):
        name = deployment.outputs[output]
        table = dynamodb.describe_table(TableName=name)["Table"]
        backups = dynamodb.describe_continuous_backups(TableName=name)
        recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        expires = expiry.get("TimeToLiveStatus") == "ENABLED"
        checks = {
            "a table that is active": table["TableStatus"] == "ACTIVE",
            "deletion protection": table.get("DeletionProtectionEnabled", False),
            "encryption with its own key": table.get("SSEDescription", {}).get("SSEType") == "KMS",
            "its own time to live": expires == (output != "AuditTable"),
            # Its period is the template test's: the embedded DynamoDB does not tell it.
            "point-in-time recovery": recovery["PointInTimeRecoveryStatus"] == "ENABLED",
        }
        missing += [f"{output}: {what}" for what, holds in checks.items() if not holds]
    return missing


def _missing_of_keys(session: boto3.Session, deployment: Deployment) -> list[str]:
    kms = session.client("kms")
    vault = deployment.outputs["VaultKeyArn"]
    signing = kms.describe_key(KeyId=deployment.outputs["SigningKeyArn"])["KeyMetadata"]
    checks = {
        "VaultKey: rotation": kms.get_key_rotation_status(KeyId=vault)["KeyRotationEnabled"],
        "SigningKey: ECC_NIST_P256": signing.get("KeySpec") == "ECC_NIST_P256",
    }
    return [what for what, holds in checks.items() if not holds]


def _missing_of_bucket(session: boto3.Session, deployment: Deployment, output: str) -> list[str]:
    s3 = session.client("s3")
    bucket = deployment.outputs[output]
    lock = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    retention = lock.get("Rule", {}).get("DefaultRetention", {})
    versioning = s3.get_bucket_versioning(Bucket=bucket).get("Status")
    access = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    checks = {
        f"{output}: write-once retention": retention.get("Mode") == "COMPLIANCE",
        f"{output}: versions": versioning == "Enabled",
        f"{output}: no public access": all(access.values()),
    }
    return [what for what, holds in checks.items() if not holds]


def _missing_of_exports(session: boto3.Session, deployment: Deployment) -> list[str]:
    s3 = session.client("s3")
    bucket = deployment.outputs["ExportsBucket"]
    access = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    by_default = encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    checks = {
        "ExportsBucket: everything ends": rule.get("Expiration", {}).get("Days") == 7,
        "ExportsBucket: no versions": "Status" not in s3.get_bucket_versioning(Bucket=bucket),
        "ExportsBucket: its own key": by_default.get("SSEAlgorithm") == "aws:kms",
        "ExportsBucket: no public access": all(access.values()),
    }
    return [what for what, holds in checks.items() if not holds]


def _missing_of_pools(session: boto3.Session, deployment: Deployment) -> list[str]:
    cognito = session.client("cognito-idp")
    missing = []
    for output in ("StaffPoolId", "PlatformPoolId"):
        pool_id = deployment.outputs[output]
        pool = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
        factors = cognito.get_user_pool_mfa_config(UserPoolId=pool_id)
        ways = pool.get("AccountRecoverySetting", {}).get("RecoveryMechanisms", [])
        checks = {
            "a second factor for everybody": output != "StaffPoolId"
            or factors.get("MfaConfiguration") == "ON",
            "authenticators": output != "StaffPoolId"
            or factors.get("SoftwareTokenMfaConfiguration", {}).get("Enabled", False),
            "no sign-up": pool["AdminCreateUserConfig"].get("AllowAdminCreateUserOnly", False),
            "no recovery without an administrator": [way["Name"] for way in ways] == ["admin_only"],
            "deletion protection": pool.get("DeletionProtection") == "ACTIVE",
        }
        missing += [f"{output}: {what}" for what, holds in checks.items() if not holds]
    return missing

"""What is stored: encrypted, recoverable, not deleted by accident, gone when it has to be."""

from collections.abc import Iterator
from typing import Any

from infra.rules.document import Template, referred

RECOVERY_DAYS = {
    # A destroyed key must be beyond reach within the law's 72 hours.
    "KeysTable": 1,
}
"""Days of point-in-time recovery where they are not 35."""

ENDING_BUCKETS = {
    # Copies of people's data: deleted must be deleted, and forgotten ones end by themselves.
    "ExportsBucket": 7,
}
"""Buckets that are not write-once: nothing in them is older than so many days."""

_KEPT = (
    "AWS::Cognito::UserPool",
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
)


def tables_encrypted(template: Template) -> Iterator[str]:
    """Every table is encrypted with a key of ours."""
    for table in template.of_type("AWS::DynamoDB::Table"):
        encryption = table.properties.get("SSESpecification", {})
        if not (encryption.get("SSEEnabled") and referred(encryption.get("KMSMasterKeyId"))):
            yield f"{table.name} is not encrypted with a key of ours"


def tables_recoverable(template: Template) -> Iterator[str]:
    """Every table has point-in-time recovery of exactly its days, and deletion protection."""
    for table in template.of_type("AWS::DynamoDB::Table"):
        recovery = table.properties.get("PointInTimeRecoverySpecification", {})
        days = RECOVERY_DAYS.get(table.name, 35)
        if not recovery.get("PointInTimeRecoveryEnabled"):
            yield f"{table.name} has no point-in-time recovery"
        elif recovery.get("RecoveryPeriodInDays") != days:
            yield f"{table.name} is recoverable for other than {days} days"
        if table.properties.get("DeletionProtectionEnabled") is not True:
            yield f"{table.name} has no deletion protection"


def keys_leave_no_copy(template: Template) -> Iterator[str]:
    """The keys table has no stream: a copy of a destroyed key would live on in it."""
    for table in template.of_type("AWS::DynamoDB::Table"):
        if table.name == "KeysTable" and "StreamSpecification" in table.properties:
            yield "KeysTable has a stream"


def audit_never_expires(template: Template) -> Iterator[str]:
    """The audit table has no time to live."""
    for table in template.of_type("AWS::DynamoDB::Table"):
        if table.name == "AuditTable" and "TimeToLiveSpecification" in table.properties:
            yield "AuditTable forgets by itself"


def data_outlives_the_stack(template: Template) -> Iterator[str]:
    """Tables, keys, buckets and user pools stay when the stack or they in it are replaced."""
    for kind in _KEPT:
        for resource in template.of_type(kind):
            for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
                if resource.attributes.get(policy) != "Retain":
                    yield f"{resource.name} has no {policy} of Retain"


def keys_rotate(template: Template) -> Iterator[str]:
    """Every symmetric KMS key rotates."""
    for key in template.of_type("AWS::KMS::Key"):
        symmetric = key.properties.get("KeySpec", "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"
        if symmetric and key.properties.get("EnableKeyRotation") is not True:
            yield f"{key.name} does not rotate"


def buckets_write_once(template: Template) -> Iterator[str]:
    """Every bucket is versioned and locked, but for those whose objects end."""
    for bucket in template.of_type("AWS::S3::Bucket"):
        if bucket.name in ENDING_BUCKETS:
            continue
        properties = bucket.properties
        lock = properties.get("ObjectLockConfiguration", {}).get("Rule", {})
        if lock.get("DefaultRetention", {}).get("Mode") != "COMPLIANCE":
            yield f"{bucket.name} lets its objects be deleted"
        if not properties.get("ObjectLockEnabled"):
            yield f"{bucket.name} has no object lock"
        if properties.get("VersioningConfiguration", {}).get("Status") != "Enabled":
            yield f"{bucket.name} has no versions"


def buckets_end(template: Template) -> Iterator[str]:
    """What a bucket that is not write-once deletes is gone, and it deletes everything in time.

    S3 counts whole days and deletes within the day after.
    """
    for bucket in template.of_type("AWS::S3::Bucket"):
        if bucket.name not in ENDING_BUCKETS:
            continue
        for keeps in _KEEPING:
            if keeps in bucket.properties:
                yield f"{bucket.name} has a {keeps}, which keeps what was deleted"
        rules = [
            rule
            for rule in bucket.properties.get("LifecycleConfiguration", _NO_RULES)["Rules"]
            if rule.get("Status") == "Enabled" and not _NARROWING & rule.keys()
        ]
        longest = ENDING_BUCKETS[bucket.name]
        if not any(1 <= rule.get("ExpirationInDays", 0) <= longest for rule in rules):
            yield f"{bucket.name} keeps objects for more than {longest} days"
        if not any(
            rule.get("AbortIncompleteMultipartUpload") == {"DaysAfterInitiation": 1}
            for rule in rules
        ):
            yield f"{bucket.name} keeps pieces of uploads that never ended"


def buckets_closed(template: Template) -> Iterator[str]:
    """Every bucket is encrypted with a key of ours and closed to the public."""
    for bucket in template.of_type("AWS::S3::Bucket"):
        properties = bucket.properties
        if not all(map(_key_of, properties.get("BucketEncryption", _NONE)[_ENCRYPTION])):
            yield f"{bucket.name} is not encrypted with a key of ours"
        access = properties.get("PublicAccessBlockConfiguration", {})
        if [access.get(name) for name in _ACCESS] != [True] * len(_ACCESS):
            yield f"{bucket.name} can be opened to the public"


_KEEPING = ("ObjectLockConfiguration", "ReplicationConfiguration", "VersioningConfiguration")
_NARROWING = {"ObjectSizeGreaterThan", "ObjectSizeLessThan", "Prefix", "TagFilters"}
_NO_RULES: dict[str, Any] = {"Rules": []}
_ENCRYPTION = "ServerSideEncryptionConfiguration"
_NONE: dict[str, Any] = {_ENCRYPTION: [{}]}
_ACCESS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def _key_of(rule: dict[str, Any]) -> str:
    return referred(rule.get("ServerSideEncryptionByDefault", {}).get("KMSMasterKeyID"))


def tls_only(template: Template) -> Iterator[str]:
    """Every bucket, queue and topic refuses what does not come over TLS."""
    guarded = set()
    for statement in template.statements():
        document = statement.document
        transport = document.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
        if not statement.allows and transport is False and document.get("Principal") == "*":
            guarded |= {resource[2:-1].partition(".")[0] for resource in statement.resources}
    for kind in ("AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SNS::Topic"):
        for resource in template.of_type(kind):
            if resource.name not in guarded:
                yield f"{resource.name} takes requests without TLS"


storage_rules = (
    tables_encrypted,
    tables_recoverable,
    keys_leave_no_copy,
    audit_never_expires,
    data_outlives_the_stack,
    keys_rotate,
    buckets_write_once,
    buckets_end,
    buckets_closed,
    tls_only,
)

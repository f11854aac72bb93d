"""Events of EventBridge as the providers send them, with somebody named in their words."""

import json
from typing import Any

BUCKET, TABLE = "acme-uploads", "shop-customers"
NAMED = "siti.rahma"
"""Somebody whom the providers' own words name."""
ACCOUNT, REGION = "111122223333", "ap-southeast-3"
GUARDDUTY_ID, MACIE_ID = "46ba0ac2845071e23ccdeb2ae03bfdea", "5be50fce24526e670df77bc00aabbcc1"
FIRST, LAST = "2026-11-22T21:10:00.000Z", "2026-11-22T23:40:00.000Z"

type Json = dict[str, Any]


def event(source: str, detail_type: str, detail: Json, event_id: str = "1") -> str:
    """The body of the message that the rule puts into the queue."""
    return json.dumps(
        {
            "version": "0",
            "id": f"c8c4daa7-a20c-2f03-0070-b7393dd542a{event_id}",
            "detail-type": detail_type,
            "source": source,
            "account": ACCOUNT,
            "time": "2026-11-22T23:41:02Z",
            "region": REGION,
            "resources": [],
            "detail": detail,
        }
    )


def guardduty_finding(**changes: Any) -> Json:
    return {
        "schemaVersion": "2.0",
        "accountId": ACCOUNT,
        "region": REGION,
        "partition": "aws",
        "id": GUARDDUTY_ID,
        "arn": f"arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/d4b0/finding/{GUARDDUTY_ID}",
        "type": "Exfiltration:S3/MaliciousIPCaller",
        "resource": {
            "resourceType": "S3Bucket",
            "accessKeyDetails": {
                "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
                "principalId": f"AIDA:{NAMED}",
                "userType": "IAMUser",
                "userName": NAMED,
            },
            "s3BucketDetails": [
                {
                    "arn": f"arn:aws:s3:::{BUCKET}",
                    "name": BUCKET,
                    "type": "Destination",
                    "createdAt": 1513612692,
                    "tags": [{"key": "owner", "value": NAMED}],
                }
            ],
        },
        "service": {
            "serviceName": "guardduty",
            "detectorId": "d4b0",
            "action": {
                "actionType": "AWS_API_CALL",
                "awsApiCallAction": {
                    "api": "GetObject",
                    "remoteIpDetails": {"ipAddressV4": "198.51.100.1"},
                },
            },
            "resourceRole": "TARGET",
            "additionalInfo": {"value": "{}", "type": "default"},
            "eventFirstSeen": FIRST,
            "eventLastSeen": LAST,
            "archived": False,
            "count": 3,
        },
        "severity": 8,
        "createdAt": FIRST,
        "updatedAt": LAST,
        "title": "An S3 API was invoked from a known malicious IP address.",
        "description": f"GetObject was used by {NAMED} to read objects from a known malicious IP.",
        **changes,
    }


def macie_finding(**changes: Any) -> Json:
    return {
        "schemaVersion": "1.0",
        "id": MACIE_ID,
        "accountId": ACCOUNT,
        "partition": "aws",
        "region": REGION,
        "type": "SensitiveData:S3Object/Personal",
        "title": "The S3 object contains personal information.",
        "description": f"The object has names, {NAMED}'s among them.",
        "severity": {"score": 3, "description": "High"},
        "createdAt": FIRST,
        "updatedAt": LAST,
        "count": 1,
        "resourcesAffected": {
            "s3Bucket": {"arn": f"arn:aws:s3:::{BUCKET}", "name": BUCKET, "publicAccess": {}},
            "s3Object": {
                "bucketArn": f"arn:aws:s3:::{BUCKET}",
                "key": f"cv/{NAMED}.csv",
                "path": f"{BUCKET}/cv/{NAMED}.csv",
                "extension": "csv",
            },
        },
        "category": "CLASSIFICATION",
        "classificationDetails": {
            "jobArn": "arn:aws:macie2:::classification-job/3ce0",
            "result": {},
        },
        "policyDetails": None,
        "sample": False,
        "archived": False,
        **changes,
    }


def asff_finding(**changes: Any) -> Json:
    """GuardDuty's finding as Security Hub imports it."""
    arn = guardduty_finding()["arn"]
    product = f"arn:aws:securityhub:{REGION}::product/aws/guardduty"
    return {
        "SchemaVersion": "2018-10-08",
        "Id": arn,
        "ProductArn": product,
        "ProductName": "GuardDuty",
        "CompanyName": "Amazon",
        "Region": REGION,
        "GeneratorId": f"arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/d4b0",
        "AwsAccountId": ACCOUNT,
        "Types": ["Effects/Data Exfiltration/Exfiltration:S3-MaliciousIPCaller"],
        "FirstObservedAt": FIRST,
        "LastObservedAt": LAST,
        "CreatedAt": FIRST,
        "UpdatedAt": LAST,
        "Severity": {"Product": 8, "Label": "HIGH", "Normalized": 70},
        "Title": "An S3 API was invoked from a known malicious IP address.",
        "Description": f"GetObject was used by {NAMED} to read objects from a known malicious IP.",
        "ProductFields": {
            "aws/securityhub/FindingId": f"{product}/{arn}",
            "aws/securityhub/ProductName": "GuardDuty",
        },
        "Resources": [
            {"Type": "AwsIamAccessKey", "Id": f"AWS::IAM::AccessKey:{NAMED}", "Partition": "aws"},
            {"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::{BUCKET}", "Partition": "aws"},
        ],
        "WorkflowState": "NEW",
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
        "FindingProviderFields": {"Severity": {"Label": "HIGH"}},
        "Sample": False,
        **changes,
    }


def asff_of_macie(**changes: Any) -> Json:
    """Macie's finding as Security Hub imports it."""
    return asff_finding(
        **{
            "Id": MACIE_ID,
            "ProductArn": f"arn:aws:securityhub:{REGION}::product/aws/macie",
            "ProductName": "Macie",
            "GeneratorId": "aws/macie",
            "Types": ["Sensitive Data Identifications/PII/SensitiveData:S3Object-Personal"],
            "Resources": [
                {"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::{BUCKET}"},
                {"Type": "AwsS3Object", "Id": f"arn:aws:s3:::{BUCKET}/cv/{NAMED}.csv"},
            ],
            **changes,
        }
    )


def asff_of_table(**changes: Any) -> Json:
    """Of a product that only Security Hub brings, about a table."""
    return asff_finding(
        **{
            "Id": "acme/1",
            "ProductArn": f"arn:aws:securityhub:{REGION}::product/acme/detector",
            "ProductName": "Detector",
            "Types": ["TTPs/Collection"],
            "Resources": [
                {
                    "Type": "AwsDynamoDbTable",
                    "Id": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}",
                }
            ],
            **changes,
        }
    )


def guardduty(event_id: str = "1", **changes: Any) -> str:
    finding = guardduty_finding(**changes)
    return event("aws.guardduty", "GuardDuty Finding", finding, event_id)


def macie(event_id: str = "2", **changes: Any) -> str:
    return event("aws.macie", "Macie Finding", macie_finding(**changes), event_id)


def imported(*findings: Json, event_id: str = "3") -> str:
    detail = {"findings": list(findings)}
    return event("aws.securityhub", "Security Hub Findings - Imported", detail, event_id)

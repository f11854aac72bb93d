"""What of ours a finding is about, from the documented places of each provider. Pure.

A name is taken only of what is a thing: the user of an access key and the key of an object may be
somebody's name, so of those the type is enough.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chalicelib.incidents.findings.models import Resource, ResourceKind

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")
_PARTS_OF_ARN = re.compile("[:/]")
_OF_ASFF = {
    "AwsDynamoDbTable": ResourceKind.TABLE,
    "AwsRdsDbCluster": ResourceKind.DATABASE,
    "AwsRdsDbInstance": ResourceKind.DATABASE,
    "AwsLambdaFunction": ResourceKind.FUNCTION,
    "AwsEc2Instance": ResourceKind.INSTANCE,
    "AwsEksCluster": ResourceKind.CLUSTER,
}
_OF_GUARDDUTY = (
    ("rdsDbInstanceDetails", "dbClusterIdentifier", ResourceKind.DATABASE),
    ("rdsDbInstanceDetails", "dbInstanceIdentifier", ResourceKind.DATABASE),
    ("lambdaDetails", "functionName", ResourceKind.FUNCTION),
    ("instanceDetails", "instanceId", ResourceKind.INSTANCE),
    ("eksClusterDetails", "name", ResourceKind.CLUSTER),
)


def resources_of_guardduty(resource: Mapping[str, Any]) -> Iterator[Resource]:
    """From `detail.resource`."""
    named = list(_named_by_guardduty(resource))
    yield from named or _typed(resource.get("resourceType"))


def resources_of_macie(affected: Mapping[str, Any]) -> Iterator[Resource]:
    """From `detail.resourcesAffected`: the bucket; the object's key may name somebody."""
    match affected.get("s3Bucket"):
        case {"name": str(name)}:
            yield from _named(ResourceKind.BUCKET, name)


def resources_of_asff(resources: Iterable[Mapping[str, Any]]) -> Iterator[Resource]:
    """From `Resources` of Security Hub's format."""
    for each in resources:
        match each:
            case {"Type": "AwsS3Bucket" | "AwsS3Object", "Id": str(arn)}:
                yield from _named(ResourceKind.BUCKET, arn.partition(":::")[2].partition("/")[0])
            case {"Type": str(kind), "Id": str(arn)} if kind in _OF_ASFF:
                yield from _named(_OF_ASFF[kind], _PARTS_OF_ARN.split(arn)[-1])
            case {"Type": kind}:
                yield from _typed(kind)


def _named_by_guardduty(resource: Mapping[str, Any]) -> Iterator[Resource]:
    buckets = resource.get("s3BucketDetails")
    for each in buckets if isinstance(buckets, list) else ():
        match each:
            case {"name": str(bucket)}:
                yield from _named(ResourceKind.BUCKET, bucket)
    for details, member, kind in _OF_GUARDDUTY:
        found = resource.get(details)
        if isinstance(found, dict) and isinstance(name := found.get(member), str):
            yield from _named(kind, name)


def _named(kind: ResourceKind, name: str) -> Iterator[Resource]:
    if _NAME.fullmatch(name):
        yield Resource(kind, name)


def _typed(word: object) -> Iterator[Resource]:
    if isinstance(word, str) and _NAME.fullmatch(word):
        yield Resource(ResourceKind.OTHER, word)

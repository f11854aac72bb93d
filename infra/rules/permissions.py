"""Who may do what: least privilege, as far as a template shows it."""

from collections import Counter
from collections.abc import Iterator

from infra.rules.document import Statement, Template, as_list, as_text, referred

ANY_RESOURCE = {
    # X-Ray has no resources that a permission could name.
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
"""Actions that may be allowed on every resource."""

PATTERNS = {
    "${ArchiveBucket.Arn}/records/*": "archived copies are named by their records",
    "${ConnectedBuckets}/*": "the objects of buckets that a deployment names",
    "${ExportsBucket.Arn}/archives/*": "archives are named when they are made",
    "${ExportsBucket.Arn}/evidence/*": "packs of evidence are named when they are made",
    "${ExportsBucket.Arn}/parts/*": "parts are named by their requests",
    "${TrailBucket.Arn}/checkpoints/*": "checkpoints are named when they are made",
    "${TrailBucket.Arn}/erasures/*": "the ledger's documents are numbered as they are made",
    "${TrailBucket.Arn}/proofs/*": "proofs of filing are named by their incidents",
    "${PreferencesTable.Arn}/stream/*": "ListStreams takes nothing narrower; it reads no record",
    "${RecordsTable.Arn}/stream/*": "ListStreams takes nothing narrower; it reads no record",
}
"""Resources with a wildcard in them that may be allowed, and why."""

MANAGED_POLICIES = {
    # API Gateway creates its log streams itself; AWS documents this policy for it.
    "ApiLoggingRole",
}
"""Roles that may have a policy which is not written here."""

CONNECTIONS = {
    "${ConnectedClusterArns}": {
        "rds-data:BatchExecuteStatement",
        "rds-data:BeginTransaction",
        "rds-data:CommitTransaction",
        "rds-data:ExecuteStatement",
        "rds-data:RollbackTransaction",
    },
    "${ConnectedSecretArns}": {"secretsmanager:GetSecretValue"},
    "${ConnectedTableArns}": {
        "dynamodb:BatchGetItem",
        "dynamodb:DeleteItem",
        "dynamodb:GetItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
    },
    "${ScannedTableArns}": {"dynamodb:Scan"},
    "${ConnectedBucketArns}": {"s3:ListBucket", "s3:ListBucketVersions"},
    "${ConnectedBuckets}/*": {
        "s3:DeleteObjectVersion",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:PutObject",
    },
    "${ConnectedKeyArns}": {"kms:Decrypt", "kms:GenerateDataKey"},
}
"""What may be done in places of others, which a deployment names in these parameters."""

_CHANGES_OF_ITEMS = {
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:PartiQLDelete",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:UpdateItem",
}
_WRITES = {"dynamodb:ConditionCheckItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
_GROWTH_OF_BUCKET = {
    "s3:GetObject",
    "s3:ListBucket",  # without it S3 answers 403, and not 404, for what is not there
    "s3:PutObject",
}
_USE_OF_ARCHIVE = {
    "ApiHandlerRole": {"s3:GetObject"},
    "FulfilRequestsRole": {
        "s3:DeleteObject",  # puts a marker over a version, and deletes none
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
        "s3:PutObjectRetention",
    },
}
_BRANCH = "BRANCH#"
_USE_OF_KEYS = {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:Sign"}


def no_wildcard_action(template: Template) -> Iterator[str]:
    """What is allowed is spelt out."""
    for statement in template.statements():
        if not statement.allows:
            continue
        if "NotAction" in statement.document or "NotResource" in statement.document:
            yield f"{statement.where} allows everything but something"
        for action in statement.actions:
            if "*" in action or "?" in action:
                yield f"{statement.where} allows {action}"


def no_wildcard_resource(template: Template) -> Iterator[str]:
    """What it is allowed on is named. In a key's policy "*" means that key."""
    for statement in template.statements():
        if not statement.allows or statement.is_key_policy:
            continue
        for resource in statement.resources:
            if "*" not in resource or resource in PATTERNS:
                continue
            if resource != "*" or not set(statement.actions) <= ANY_RESOURCE:
                yield f"{statement.where} allows {', '.join(statement.actions)} on {resource}"


def nobody_outside(template: Template) -> Iterator[str]:
    """No policy allows anything to everybody."""
    for statement in template.statements():
        if statement.allows and "*" in as_text(statement.document.get("Principal", "")):
            yield f"{statement.where} allows everybody {', '.join(statement.actions)}"


def own_role_and_policy(template: Template) -> Iterator[str]:
    """Every function has a role of its own with one policy, which is written here."""
    roles = {role.name: role for role in template.of_type("AWS::IAM::Role")}
    used = Counter(referred(function.properties.get("Role")) for function in template.functions())
    for name, times in used.items():
        if name not in roles:
            yield f"a function's role {name!r} is not in the template"
        elif times > 1:
            yield f"{name} is shared by {times} functions"
        elif len(roles[name].properties.get("Policies", [])) != 1:
            yield f"{name} has not exactly one policy"
    for name, role in roles.items():
        if role.properties.get("ManagedPolicyArns") and name not in MANAGED_POLICIES:
            yield f"{name} has a managed policy"


def connections_are_named(template: Template) -> Iterator[str]:
    """Rights in places of others are the worker's alone, and are not there unless places are."""
    for policy in template.of_type("AWS::IAM::Policy"):
        if [referred(role) for role in policy.properties["Roles"]] != ["FulfilRequestsRole"]:
            yield f"{policy.name} is not the worker's alone"
        if "Condition" not in policy.attributes:
            yield f"{policy.name} is there though nothing is connected"
        for document in as_list(policy.properties["PolicyDocument"]["Statement"]):
            statement = Statement(policy.name, document, is_key_policy=False)
            for resource in statement.resources:
                if not set(statement.actions) <= CONNECTIONS.get(resource, set()):
                    yield f"{policy.name} allows {', '.join(statement.actions)} on {resource}"


def trail_only_grows(template: Template) -> Iterator[str]:
    """Nobody may change or delete an entry of the audit table, or anything of the bucket."""
    for statement in template.statements():
        if not statement.allows:
            continue
        resources = " ".join(statement.resources)
        if "${AuditTable" in resources and _CHANGES_OF_ITEMS & set(statement.actions):
            yield f"{statement.where} may change the audit table"
        if "${TrailBucket" in resources and set(statement.actions) - _GROWTH_OF_BUCKET:
            yield f"{statement.where} may do more to the trail's bucket than read and add"


def archive_is_added_to_and_read(template: Template) -> Iterator[str]:
    """The worker adds to the archive and marks what ended, the API reads; nobody else is there."""
    for statement in template.statements():
        if not statement.allows or "${ArchiveBucket" not in " ".join(statement.resources):
            continue
        for action in sorted(set(statement.actions) - _USE_OF_ARCHIVE.get(statement.where, set())):
            yield f"{statement.where} allows {action} on the archive"


def writes_keep_to_their_items(template: Template) -> Iterator[str]:
    """Who may put or change items, or lean on one in a transaction, may for named keys only.

    A PutItem can replace what stands there, and IAM cannot tell; so at least not anything. Which
    items of others' tables may be changed, their data map says.
    """
    for statement in template.statements():
        writes = _WRITES & set(statement.actions)
        if not (statement.allows and writes) or statement.resources == ["${ConnectedTableArns}"]:
            continue
        named = _named(statement, "ForAllValues:StringLike", "dynamodb:LeadingKeys")
        # ForAllValues holds for a request without the key, so the key has to be there.
        present = _named(statement, "Null", "dynamodb:LeadingKeys") == ["false"]
        if not (named and present) or any(key.startswith("*") for key in named):
            yield f"{statement.where} allows {', '.join(sorted(writes))} of every item"


def visitors_destroy_no_keys(template: Template) -> Iterator[str]:
    """The function that anybody can call cannot destroy a data key."""
    for statement in template.statements():
        if statement.where == "ApiHandlerRole" and statement.allows:
            forbidden = {"dynamodb:DeleteItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem"}
            if "${KeysTable.Arn}" in statement.resources and forbidden & set(statement.actions):
                yield "ApiHandlerRole may destroy keys"


def visitors_only_fetch_copies(template: Template) -> Iterator[str]:
    """The function that anybody can call may fetch what is ready, and do nothing else to the
    exports."""
    for statement in template.statements():
        if statement.where != "ApiHandlerRole" or not statement.allows:
            continue
        exports = {each for each in statement.resources if "${ExportsBucket" in each}
        if exports - {f"${{ExportsBucket.Arn}}/{what}/*" for what in ("archives", "evidence")}:
            yield "ApiHandlerRole reaches more of the exports than what is ready"
        if exports and set(statement.actions) != {"s3:GetObject"}:
            yield "ApiHandlerRole may do more to archives than fetch them"


def copies_are_listed_by_request(template: Template) -> Iterator[str]:
    """Who may list the exports, or the archive, may list what lies below a folder of it, and not
    all there is."""
    for statement in template.statements():
        if not statement.allows or "s3:ListBucket" not in statement.actions:
            continue
        below = _named(statement, "StringLike", "s3:prefix")
        copies = {"${ArchiveBucket.Arn}", "${ExportsBucket.Arn}"}
        if copies.intersection(statement.resources) and (
            not below or not all("/" in each for each in below)
        ):
            yield f"{statement.where} may list all of the exports or of the archive"


def keys_used_under_conditions(template: Template) -> Iterator[str]:
    """Secret keys are used under a condition: an encryption context, a service, an algorithm.

    The signing key's role policy needs none, since the key's own policy has it.
    """
    for statement in template.statements():
        use = _USE_OF_KEYS & set(statement.actions)
        signs_only = use == {"kms:Sign"} and not statement.is_key_policy
        if statement.allows and use and not signs_only and not statement.document.get("Condition"):
            yield f"{statement.where} allows {', '.join(sorted(use))} without a condition"


def purposes_are_those_of_its_keys(template: Template) -> Iterator[str]:
    """Who uses the vault's key may for the purposes by name whose branch keys it may read.

    The keys table is guarded by its partition keys, KMS by the encryption context: each lock holds
    when a wrapped key comes from elsewhere, a backup or a log, past the other.
    """
    branches: dict[str, set[str]] = {}
    for statement in template.statements():
        if statement.allows and "${KeysTable.Arn}" in statement.resources:
            branches.setdefault(statement.where, set()).update(
                key.removeprefix(_BRANCH)
                for key in _named(statement, "ForAllValues:StringLike", "dynamodb:LeadingKeys")
                if key.startswith(_BRANCH)
            )
    for statement in template.statements():
        if statement.is_key_policy or not statement.allows:
            continue
        if "${VaultKey.Arn}" in statement.resources and _USE_OF_KEYS & set(statement.actions):
            purposes = set(_named(statement, "StringEquals", "kms:EncryptionContext:purpose"))
            if not purposes:
                yield f"{statement.where} uses the vault's key for any purpose"
            elif purposes != branches.get(statement.where, set()):
                yield f"{statement.where} uses the vault's key for other purposes than its keys'"


def _named(statement: Statement, operator: str, name: str) -> list[str]:
    """The values that a condition of `statement` allows for the condition key `name`."""
    values: list[str] = as_list(
        statement.document.get("Condition", {}).get(operator, {}).get(name, [])
    )
    return values


permission_rules = (
    no_wildcard_action,
    no_wildcard_resource,
    nobody_outside,
    own_role_and_policy,
    connections_are_named,
    trail_only_grows,
    archive_is_added_to_and_read,
    writes_keep_to_their_items,
    visitors_destroy_no_keys,
    visitors_only_fetch_copies,
    copies_are_listed_by_request,
    keys_used_under_conditions,
    purposes_are_those_of_its_keys,
)

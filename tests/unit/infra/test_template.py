"""The packaged template keeps every rule; each rule notices a template that breaks it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.package import TEMPLATE
from infra.rules import RULES, breaches
from infra.rules.document import Template

type Resources = dict[str, Any]
type Edit = Callable[[Resources], object]


def test_the_packaged_template_keeps_every_rule(packaged: Template) -> None:
    assert breaches(packaged) == []


def test_cfn_lint_finds_nothing(packaged: Template) -> None:
    assert packaged.document
    command = [str(Path(sys.executable).with_name("cfn-lint")), str(TEMPLATE)]
    linted = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (linted.returncode, linted.stdout) == (0, "")


def _properties(resources: Resources, name: str) -> dict[str, Any]:
    found: dict[str, Any] = resources[name]["Properties"]
    return found


def _statements(resources: Resources, role: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _properties(resources, role)["Policies"][0]["PolicyDocument"][
        "Statement"
    ]
    return found


def _allow(role: str, action: str, resource: object) -> Edit:
    statement = {"Effect": "Allow", "Action": [action], "Resource": resource}
    return lambda resources: _statements(resources, role).append(statement)


def _connect(action: str, resource: object) -> Edit:
    """Allows the worker more in what is connected."""
    statement = {"Effect": "Allow", "Action": [action], "Resource": resource}

    def edit(resources: Resources) -> None:
        document = _properties(resources, "ConnectedDatabases")["PolicyDocument"]
        document["Statement"].append(statement)

    return edit


def _condition(operator: str, value: object) -> Edit:
    """Puts `value` under `operator` into the condition of what the digests' function may write."""

    def edit(resources: Resources) -> None:
        for statement in _statements(resources, "DigestPreferencesRole"):
            if statement["Action"] == ["dynamodb:PutItem"]:
                statement["Condition"][operator] = value

    return edit


def _set(name: str, key: str, value: object) -> Edit:
    return lambda resources: _properties(resources, name).__setitem__(key, value)


def _drop(name: str, key: str) -> Edit:
    return lambda resources: _properties(resources, name).pop(key)


def _remove(name: str) -> Edit:
    return lambda resources: resources.pop(name)


def _event(function: str, key: str) -> Edit:
    """Drops `key` from the only event of `function`."""

    def edit(resources: Resources) -> None:
        (event,) = _properties(resources, function)["Events"].values()
        event["Properties"].pop(key)

    return edit


def _batch(function: str, size: int) -> Edit:
    def edit(resources: Resources) -> None:
        (event,) = _properties(resources, function)["Events"].values()
        event["Properties"]["BatchSize"] = size

    return edit


def _redrive(queue: str, receives: int) -> Edit:
    def edit(resources: Resources) -> None:
        _properties(resources, queue)["RedrivePolicy"]["maxReceiveCount"] = receives

    return edit


def _reports(**changes: object) -> Edit:
    """Changes what SES reports of a mail, and where to."""

    def edit(resources: Resources) -> None:
        _properties(resources, "MailSetReports")["EventDestination"].update(changes)

    return edit


def _foreign_queue(resources: Resources) -> None:
    (event,) = _properties(resources, "SendMail")["Events"].values()
    event["Properties"]["Queue"] = "arn:aws:sqs:ap-southeast-3:111122223333:other"


def _gateway(kind: str, part: str, name: str, value: str) -> Edit:
    def edit(resources: Resources) -> None:
        response = _properties(resources, "RestAPI")["GatewayResponses"][kind]
        target = response[part]["Headers"] if part == "ResponseParameters" else response[part]
        target[name] = value

    return edit


def _purposes(role: str, *purposes: str) -> Edit:
    """Makes these the purposes that `role` may use the vault's key for."""

    def edit(resources: Resources) -> None:
        for statement in _statements(resources, role):
            if statement["Resource"] == VAULT:
                statement["Condition"]["StringEquals"][PURPOSE] = list(purposes)

    return edit


def _branches(role: str, *keys: str) -> Edit:
    """Makes these the partitions of the keys table that `role` may read."""

    def edit(resources: Resources) -> None:
        for statement in _statements(resources, role):
            if statement["Resource"] == KEYS:
                statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"] = list(
                    keys
                )

    return edit


def _lists_copies(*below: str) -> Edit:
    """Makes these the prefixes that the worker may list the exports by; with none, any."""

    def edit(resources: Resources) -> None:
        for statement in _statements(resources, "FulfilRequestsRole"):
            if statement["Action"] == ["s3:ListBucket"]:
                statement["Condition"] = {"StringLike": {"s3:prefix": list(below)}} if below else {}

    return edit


def _share_role(resources: Resources) -> None:
    _properties(resources, "APIHandler")["Role"] = _properties(resources, "CheckpointTrail")["Role"]


def _unconditional_key_policy(resources: Resources) -> None:
    for statement in _properties(resources, "VaultKey")["KeyPolicy"]["Statement"]:
        statement.pop("Condition", None)


def _logs_shared(resources: Resources) -> None:
    theirs = _properties(resources, "CheckpointTrail")["LoggingConfig"]
    _properties(resources, "APIHandler")["LoggingConfig"] = theirs


def _queue_without_dead_letters(resources: Resources) -> None:
    resources["Work"] = {
        "Type": "AWS::SQS::Queue",
        "Properties": {"SqsManagedSseEnabled": True},
    }


def _unknown_event(resources: Resources) -> None:
    events = _properties(resources, "APIHandler").setdefault("Events", {})
    events["Mail"] = {"Type": "SNS", "Properties": {"Topic": "t"}}


def _lifecycle(key: str, value: object) -> Edit:
    def edit(resources: Resources) -> None:
        _properties(resources, "ExportsBucket")["LifecycleConfiguration"]["Rules"][0][key] = value

    return edit


def _public_bucket_policy(resources: Resources) -> None:
    document = _properties(resources, "TrailBucketPolicy")["PolicyDocument"]
    document["Statement"].append(
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "x"}
    )


def _password(key: str, value: object) -> Edit:
    def edit(resources: Resources) -> None:
        _properties(resources, "StaffPool")["Policies"]["PasswordPolicy"][key] = value

    return edit


def _access_log(variable: str) -> Edit:
    def edit(resources: Resources) -> None:
        setting = _properties(resources, "RestAPI")["AccessLogSetting"]
        setting["Format"] = setting["Format"].replace("$context.status", variable)

    return edit


TABLE = {"Fn::GetAtt": ["AuditTable", "Arn"]}
ANY_KEY = {"dynamodb:LeadingKeys": ["*"]}
RECORDS = {"Fn::GetAtt": ["RecordsTable", "Arn"]}
KEYS = {"Fn::GetAtt": ["KeysTable", "Arn"]}
VAULT = {"Fn::GetAtt": ["VaultKey", "Arn"]}
BUCKET = {"Fn::GetAtt": ["TrailBucket", "Arn"]}
ARCHIVED = {"Fn::Sub": "${ArchiveBucket.Arn}/records/*"}
PURPOSE = "kms:EncryptionContext:purpose"
RECOVERY = "PointInTimeRecoverySpecification"

BREAKS: list[tuple[str, str, Edit]] = [
    ("no_wildcard_action", "dynamodb:*", _allow("ApiHandlerRole", "dynamodb:*", TABLE)),
    ("no_wildcard_action", "kms:Get*", _allow("ApiHandlerRole", "kms:Get*", VAULT)),
    ("no_wildcard_resource", "on *", _allow("ApiHandlerRole", "dynamodb:GetItem", "*")),
    (
        "no_wildcard_resource",
        "table/*",
        _allow("ApiHandlerRole", "dynamodb:GetItem", {"Fn::Sub": "arn:aws:dynamodb:::table/*"}),
    ),
    ("nobody_outside", "everybody", _public_bucket_policy),
    ("own_role_and_policy", "shared by 2", _share_role),
    ("own_role_and_policy", "managed", _set("ApiHandlerRole", "ManagedPolicyArns", ["x"])),
    (
        "connections_are_named",
        "not the worker's alone",
        _set("ConnectedDatabases", "Roles", [{"Ref": "ApiHandlerRole"}]),
    ),
    (
        "connections_are_named",
        "though nothing is connected",
        lambda resources: resources["ConnectedDatabases"].pop("Condition"),
    ),
    (
        "connections_are_named",
        "allows rds-data:ExecuteStatement on ${TrailBucket.Arn}",
        _connect("rds-data:ExecuteStatement", BUCKET),
    ),
    (
        "connections_are_named",
        "allows rds-data:ExecuteSql on ${ConnectedClusterArns}",
        _connect("rds-data:ExecuteSql", {"Ref": "ConnectedClusterArns"}),
    ),
    (
        "connections_are_named",
        "allows dynamodb:PutItem on ${ConnectedTableArns}",
        _connect("dynamodb:PutItem", {"Ref": "ConnectedTableArns"}),
    ),
    (
        "connections_are_named",
        "allows s3:DeleteObject on ${ConnectedBuckets}/*",
        _connect(
            "s3:DeleteObject", {"Fn::Split": [",", {"Fn::Sub": ["${ConnectedBuckets}/*", {}]}]}
        ),
    ),
    (
        "writes_keep_to_their_items",
        "FulfilRequestsRole",
        _connect("dynamodb:UpdateItem", [{"Ref": "ConnectedTableArns"}, TABLE]),
    ),
    ("no_wildcard_action", "rds-data:*", _connect("rds-data:*", BUCKET)),
    ("trail_only_grows", "audit", _allow("ApiHandlerRole", "dynamodb:UpdateItem", TABLE)),
    ("trail_only_grows", "bucket", _allow("CheckpointTrailRole", "s3:DeleteObject", BUCKET)),
    (
        "writes_keep_to_their_items",
        "CheckpointTrailRole allows dynamodb:PutItem of every item",
        _allow("CheckpointTrailRole", "dynamodb:PutItem", RECORDS),
    ),
    (
        "writes_keep_to_their_items",
        "SendMailRole allows dynamodb:UpdateItem of every item",
        _allow("SendMailRole", "dynamodb:UpdateItem", RECORDS),
    ),
    *(
        ("writes_keep_to_their_items", "DigestPreferencesRole", edit)
        for edit in (_condition("Null", {}), _condition("ForAllValues:StringLike", ANY_KEY))
    ),
    (
        "visitors_destroy_no_keys",
        "destroy keys",
        _allow("ApiHandlerRole", "dynamodb:DeleteItem", KEYS),
    ),
    (
        "visitors_only_fetch_copies",
        "more of the exports",
        _allow("ApiHandlerRole", "s3:GetObject", {"Fn::Sub": "${ExportsBucket.Arn}/parts/*"}),
    ),
    (
        "visitors_only_fetch_copies",
        "more to archives",
        _allow("ApiHandlerRole", "s3:PutObject", {"Fn::Sub": "${ExportsBucket.Arn}/archives/*"}),
    ),
    *(
        ("copies_are_listed_by_request", "FulfilRequestsRole", _lists_copies(*below))
        for below in ((), ("*",), ("archives/*", "*"))
    ),
    *(
        ("archive_is_added_to_and_read", f"{role} allows {action}", _allow(role, action, ARCHIVED))
        for role, action in (
            ("ApiHandlerRole", "s3:PutObject"),
            ("FulfilRequestsRole", "s3:DeleteObjectVersion"),
            ("FulfilRequestsRole", "s3:BypassGovernanceRetention"),
            ("SendMailRole", "s3:GetObject"),
        )
    ),
    (
        "keys_used_under_conditions",
        "ApiHandlerRole allows kms:Decrypt",
        _allow("ApiHandlerRole", "kms:Decrypt", VAULT),
    ),
    ("keys_used_under_conditions", "VaultKey allows", _unconditional_key_policy),
    (
        "purposes_are_those_of_its_keys",
        "SendMailRole uses the vault's key for any",
        _purposes("SendMailRole"),
    ),
    (
        "purposes_are_those_of_its_keys",
        "SendMailRole uses the vault's key for other",
        _purposes("SendMailRole", "mail-messages", "person"),
    ),
    (
        "purposes_are_those_of_its_keys",
        "SendWebhooksRole uses the vault's key for other",
        _branches("SendWebhooksRole", "SCOPE#person/*", "BRANCH#webhook-messages"),
    ),
    (
        "purposes_are_those_of_its_keys",
        "RecordFeedbackRole uses the vault's key for any",
        _allow("RecordFeedbackRole", "kms:Decrypt", VAULT),
    ),
    ("tables_encrypted", "RecordsTable", _drop("RecordsTable", "SSESpecification")),
    ("tables_recoverable", "no point-in-time", _drop("AuditTable", RECOVERY)),
    (
        "tables_recoverable",
        "KeysTable is recoverable for other than 1",
        _set("KeysTable", RECOVERY, {"PointInTimeRecoveryEnabled": True}),
    ),
    ("tables_recoverable", "protection", _set("KeysTable", "DeletionProtectionEnabled", "no")),
    (
        "keys_leave_no_copy",
        "stream",
        _set("KeysTable", "StreamSpecification", {"StreamViewType": "KEYS_ONLY"}),
    ),
    (
        "audit_never_expires",
        "forgets",
        _set("AuditTable", "TimeToLiveSpecification", {"AttributeName": "ttl"}),
    ),
    (
        "data_outlives_the_stack",
        "VaultKey",
        lambda resources: resources["VaultKey"].pop("DeletionPolicy"),
    ),
    (
        "data_outlives_the_stack",
        "StaffPool",
        lambda resources: resources["StaffPool"].pop("UpdateReplacePolicy"),
    ),
    ("keys_rotate", "StorageKey", _drop("StorageKey", "EnableKeyRotation")),
    ("buckets_write_once", "deleted", _drop("TrailBucket", "ObjectLockConfiguration")),
    ("buckets_write_once", "versions", _drop("TrailBucket", "VersioningConfiguration")),
    ("buckets_write_once", "Archive", _drop("ArchiveBucket", "ObjectLockConfiguration")),
    *(
        ("buckets_end", keeps, _set("ExportsBucket", keeps, {}))
        for keeps in (
            "ObjectLockConfiguration",
            "ReplicationConfiguration",
            "VersioningConfiguration",
        )
    ),
    ("buckets_end", "more than 7 days", _drop("ExportsBucket", "LifecycleConfiguration")),
    *(
        ("buckets_end", "more than 7 days", _lifecycle(key, value))
        for key, value in (
            ("ExpirationInDays", 8),
            ("Status", "Disabled"),
            ("Prefix", "parts/"),
            ("TagFilters", []),
        )
    ),
    ("buckets_end", "pieces of uploads", _lifecycle("AbortIncompleteMultipartUpload", None)),
    *(
        case
        for bucket in ("ArchiveBucket", "ExportsBucket", "TrailBucket")
        for case in (
            ("buckets_closed", "encrypted", _drop(bucket, "BucketEncryption")),
            ("buckets_closed", "public", _drop(bucket, "PublicAccessBlockConfiguration")),
        )
    ),
    ("tls_only", "ExportsBucket", _remove("ExportsBucketPolicy")),
    ("tls_only", "TrailBucket", _remove("TrailBucketPolicy")),
    ("tls_only", "ArchiveBucket", _remove("ArchiveBucketPolicy")),
    ("tls_only", "FeedbackTopic", _remove("FeedbackTopicPolicy")),
    ("tls_only", "MailQueue", _remove("MailQueuePolicy")),
    ("tls_only", "CheckpointTrailFailures", _remove("CheckpointTrailFailuresPolicy")),
    ("functions_sized", "512 MB", _set("APIHandler", "MemorySize", 128)),
    ("functions_sized", "x86_64", _set("APIHandler", "Architectures", ["arm64"])),
    ("functions_sized", "traced", _set("APIHandler", "Tracing", "PassThrough")),
    ("functions_log_for_a_time", "no log group", _drop("APIHandler", "LoggingConfig")),
    ("functions_log_for_a_time", "shares", _logs_shared),
    ("logs_end", "forever", _drop("AccessLogs", "RetentionInDays")),
    ("logs_end", "encrypted", _drop("AccessLogs", "KmsKeyId")),
    ("failed_runs_arrive", "failed run", _drop("CheckpointTrail", "EventInvokeConfig")),
    ("failed_runs_arrive", "undelivered", _event("CheckpointTrail", "DeadLetterConfig")),
    ("failed_records_arrive", "given up", _event("DigestPreferences", "DestinationConfig")),
    ("failed_records_arrive", "outlasts", _event("DigestPreferences", "MaximumRetryAttempts")),
    ("failed_records_arrive", "word", _event("DigestPreferences", "MaximumRecordAgeInSeconds")),
    (
        "failed_records_arrive",
        "one bad record",
        _event("DigestPreferences", "BisectBatchOnFunctionError"),
    ),
    ("queued_messages_arrive", "its batch along", _event("SendMail", "FunctionResponseTypes")),
    ("queued_messages_arrive", "not in the template", _foreign_queue),
    ("queued_messages_arrive", "outlasts", _redrive("MailQueue", 5)),
    ("queued_messages_arrive", "outlasts", _drop("FeedbackQueue", "RedrivePolicy")),
    ("queued_messages_arrive", "its batch along", _event("TakeFindings", "FunctionResponseTypes")),
    ("waiting_messages_are_noticed", "TakeFindings", _remove("TakeFindingsLag")),
    ("queued_messages_arrive", "forgets", _drop("MailQueue", "MessageRetentionPeriod")),
    ("queued_messages_arrive", "worked on", _set("SendMail", "Timeout", 60)),
    ("waiting_messages_are_noticed", "SendMail", _remove("SendMailLag")),
    ("consumers_tell_what_they_give_up", "SendMail", _remove("SendMailDead")),
    ("consumers_tell_what_they_give_up", "SendMail", _set("SendMailDead", "MetricName", "deed")),
    ("consumers_tell_what_they_give_up", "SendMail", _set("SendMailDead", "Namespace", "AWS/SQS")),
    ("consumers_tell_what_they_give_up", "SendWebhooks", _remove("SendWebhooksDead")),
    (
        "consumers_tell_what_they_give_up",
        "SendWebhooks",
        _set("SendWebhooksDead", "Dimensions", [{"Name": "service", "Value": "send_webhooks"}]),
    ),
    ("reports_are_not_mailed", "MailIdentity", _drop("MailIdentity", "FeedbackAttributes")),
    (
        "reports_are_not_mailed",
        "MailIdentity",
        _set("MailIdentity", "FeedbackAttributes", {"EmailForwardingEnabled": True}),
    ),
    ("mails_fit_into_a_run", "wait 30 seconds", _batch("SendMail", 5)),
    ("mails_fit_into_a_run", "wait 60 seconds", _event("SendMail", "BatchSize")),
    ("mails_fit_into_a_run", "wait 18 seconds", _set("SendMail", "Timeout", 18)),
    ("topics_encrypted", "FeedbackTopic", _drop("FeedbackTopic", "KmsMasterKeyId")),
    (
        "mail_is_not_read_on_its_way",
        "MailSet",
        _set("MailSet", "DeliveryOptions", {"TlsPolicy": "OPTIONAL"}),
    ),
    ("mail_is_not_read_on_its_way", "MailSet", _drop("MailSet", "DeliveryOptions")),
    ("bounces_and_complaints_come_back", "a complaint", _reports(MatchingEventTypes=["bounce"])),
    ("bounces_and_complaints_come_back", "a bounce", _reports(MatchingEventTypes=["complaint"])),
    (
        "bounces_and_complaints_come_back",
        "reports open",
        _reports(MatchingEventTypes=["bounce", "complaint", "open"]),
    ),
    ("bounces_and_complaints_come_back", "a bounce", _reports(Enabled=False)),
    ("bounces_and_complaints_come_back", "a bounce", _reports(SnsDestination={})),
    ("bounces_and_complaints_come_back", "a bounce", _remove("MailSetReports")),
    ("known_events", "SNS", _unknown_event),
    ("queues_are_or_have_dead_letters", "Work has no queue", _queue_without_dead_letters),
    (
        "queues_are_or_have_dead_letters",
        "not encrypted",
        _drop("DigestPreferencesFailures", "SqsManagedSseEnabled"),
    ),
    ("every_job_has_its_alarms", "APIHandler has no alarm", _remove("ApiHandlerErrors")),
    ("every_job_has_its_alarms", "lag", _remove("DigestPreferencesLag")),
    ("every_job_has_its_alarms", "passes over", _remove("DigestPreferencesUndigestible")),
    ("every_job_has_its_alarms", "RelayOutbox has no", _remove("RelayOutboxSenseless")),
    ("every_job_has_its_alarms", "CountConsents has no", _remove("CountConsentsUncountable")),
    ("every_job_has_its_alarms", "CountPreferences has no", _remove("CountPreferencesLag")),
    ("failed_records_arrive", "given up", _event("CountConsents", "DestinationConfig")),
    ("every_job_has_its_alarms", "MailDeadLetters", _remove("SendMailDeadLetters")),
    (
        "every_job_has_its_alarms",
        "heartbeat",
        _set("CheckpointTrailHeartbeat", "TreatMissingData", "notBreaching"),
    ),
    ("every_job_has_its_alarms", "depth", _remove("CheckpointTrailDeadLetters")),
    ("alarms_can_notify", "AlarmActions", _drop("ApiServerErrors", "AlarmActions")),
    ("regional_and_untraced", "REGIONAL", _set("RestAPI", "EndpointConfiguration", "EDGE")),
    ("regional_and_untraced", "addresses", _set("RestAPI", "TracingEnabled", value=True)),
    ("regional_and_untraced", "compress", _drop("RestAPI", "MinimumCompressionSize")),
    ("access_log_names_nobody", "no access log", _drop("RestAPI", "AccessLogSetting")),
    ("access_log_names_nobody", "logs path", _access_log("$context.path")),
    (
        "access_log_names_nobody",
        "logs identity.sourceIp",
        _access_log("$context.identity.sourceIp"),
    ),
    ("access_log_names_nobody", "not JSON", _access_log('"')),
    ("methods_throttled", "throttle", _drop("RestAPI", "MethodSettings")),
    (
        "methods_throttled",
        "execution logs",
        lambda resources: _properties(resources, "RestAPI")["MethodSettings"][0].update(
            DataTraceEnabled=True
        ),
    ),
    (
        "gateway_answers_problems",
        "leaves THROTTLED",
        lambda resources: _properties(resources, "RestAPI")["GatewayResponses"].pop("THROTTLED"),
    ),
    (
        "gateway_answers_problems",
        "another origin",
        _gateway("DEFAULT_5XX", "ResponseParameters", "Access-Control-Allow-Origin", "''"),
    ),
    (
        "gateway_answers_problems",
        "problem+json",
        _gateway("DEFAULT_5XX", "ResponseParameters", "Content-Type", "'text/html'"),
    ),
    (
        "gateway_answers_problems",
        "no stable code",
        _gateway("DEFAULT_5XX", "ResponseTemplates", "application/json", "{}"),
    ),
    (
        "gateway_answers_problems",
        "another status",
        _gateway(
            "THROTTLED",
            "ResponseTemplates",
            "application/json",
            '{"type":"urn:jaga:problem:x","code":"x","status":200}',
        ),
    ),
    ("api_alarms", "5xx", _remove("ApiServerErrors")),
    ("logging_role_given", "no role", _remove("ApiLogging")),
    (
        "logging_role_given",
        "before its role",
        lambda resources: resources["RestAPI"].pop("DependsOn"),
    ),
    (
        "accounts_come_from_administrators",
        "PlatformPool lets people sign up",
        _set("PlatformPool", "AdminCreateUserConfig", {"AllowAdminCreateUserOnly": False}),
    ),
    (
        "accounts_come_from_administrators",
        "mailbox",
        _set(
            "StaffPool",
            "AccountRecoverySetting",
            {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]},
        ),
    ),
    ("accounts_come_from_administrators", "deletion", _drop("StaffPool", "DeletionProtection")),
    ("passwords_are_long", "under 14", _password("MinimumLength", 13)),
    ("passwords_are_long", "few kinds", _password("RequireSymbols", value=False)),
    (
        "people_have_a_second_factor",
        "StaffClient lets people in",
        _set("StaffPool", "MfaConfiguration", "OPTIONAL"),
    ),
    (
        "people_have_a_second_factor",
        "StaffClient lets people in",
        _set("StaffPool", "EnabledMfas", ["SOFTWARE_TOKEN_MFA", "SMS_MFA"]),
    ),
    (
        "people_have_a_second_factor",
        "remembered",
        _set("StaffPool", "DeviceConfiguration", {"ChallengeRequiredOnNewDevice": True}),
    ),
    ("people_have_a_second_factor", "no flows", _drop("PlatformClient", "ExplicitAuthFlows")),
    (
        "people_have_a_second_factor",
        "PlatformUsersClient lets people in",
        lambda resources: resources["PlatformUsersClient"].pop("Condition"),
    ),
    (
        "clients_tell_nobody",
        "StaffClient",
        _set("StaffClient", "PreventUserExistenceErrors", "LEGACY"),
    ),
    ("tokens_end_soon", "AccessToken", _set("StaffClient", "AccessTokenValidity", 16)),
    ("tokens_end_soon", "AccessToken", _drop("PlatformClient", "TokenValidityUnits")),
    ("tokens_end_soon", "RefreshToken", _drop("StaffClient", "RefreshTokenValidity")),
    ("tokens_end_soon", "revoked", _set("StaffClient", "EnableTokenRevocation", value=False)),
    (
        "machines_get_our_scopes_only",
        "a page",
        _set("StaffClient", "AllowedOAuthFlows", ["code"]),
    ),
    ("machines_get_our_scopes_only", "no secret", _drop("PlatformClient", "GenerateSecret")),
    (
        "machines_get_our_scopes_only",
        "not ours",
        _set("PlatformClient", "AllowedOAuthScopes", ["aws.cognito.signin.user.admin"]),
    ),
    ("groups_are_the_roles", "auditor", _remove("AuditorGroup")),
    ("groups_are_the_roles", "root", _set("DpoGroup", "GroupName", "root")),
]


@pytest.mark.parametrize(
    ("rule", "words", "edit"), BREAKS, ids=[f"{rule}: {words}" for rule, words, _ in BREAKS]
)
def test_a_rule_notices_its_breach(packaged: Template, rule: str, words: str, edit: Edit) -> None:
    broken = packaged.copy()
    edit(broken.document["Resources"])
    found = [breach for breach in breaches(broken) if breach.startswith(f"{rule}: ")]
    assert any(words in breach for breach in found), breaches(broken)


def test_every_rule_has_a_template_that_breaks_it() -> None:
    assert {rule.__name__ for rule in RULES} == {rule for rule, _, _ in BREAKS}

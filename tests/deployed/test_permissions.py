"""What each function's role may not do, asked of the deployed stack with its own credentials.

The embedded AWS checks signatures, the roles' policies, key policies and bucket policies on every
call; that the rest of this folder passes shows what the roles may do.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.local.aws import REGION
from infra.local.deploy import STACK
from infra.local.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

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


def _item(pk: str) -> dict[str, "AttributeValueTypeDef"]:
    return {"pk": {"S": pk}, "sk": {"S": "test"}}


def _put(table: str, pk: str) -> Attempt:
    return lambda session, stack: session.client(
        "dynamodb", endpoint_url=stack.endpoint_url
    ).put_item(TableName=stack.tables[table], Item=_item(pk))


def _put_in_a_transaction(table: str, *pks: str) -> Attempt:
    return lambda session, stack: session.client(
        "dynamodb", endpoint_url=stack.endpoint_url
    ).transact_write_items(
        TransactItems=[{"Put": {"TableName": stack.tables[table], "Item": _item(pk)}} for pk in pks]
    )


def _check(table: str, *pks: str) -> Attempt:
    return lambda session, stack: session.client(
        "dynamodb", endpoint_url=stack.endpoint_url
    ).transact_write_items(
        TransactItems=[
            {
                "ConditionCheck": {
                    "TableName": stack.tables[table],
                    "Key": _item(pk),
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            }
            for pk in pks
        ]
    )


def _query(table: str, pk: str) -> Attempt:
    return lambda session, stack: session.client("dynamodb", endpoint_url=stack.endpoint_url).query(
        TableName=stack.tables[table],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": pk}},
    )


def _batch_get(table: str, *pks: str) -> Attempt:
    return lambda session, stack: session.client(
        "dynamodb", endpoint_url=stack.endpoint_url
    ).batch_get_item(RequestItems={stack.tables[table]: {"Keys": [_item(pk) for pk in pks]}})


def _delete(table: str, pk: str = "x") -> Attempt:
    return lambda session, stack: session.client(
        "dynamodb", endpoint_url=stack.endpoint_url
    ).delete_item(TableName=stack.tables[table], Key=_item(pk))


def _get(table: str, pk: str = "x") -> Attempt:
    return lambda session, stack: session.client(
        "dynamodb", endpoint_url=stack.endpoint_url
    ).get_item(TableName=stack.tables[table], Key=_item(pk))


def _scan(table: str) -> Attempt:
    return lambda session, stack: session.client("dynamodb", endpoint_url=stack.endpoint_url).scan(
        TableName=stack.tables[table]
    )


def _update(table: str, pk: str = "x") -> Attempt:
    return lambda session, stack: session.client(
        "dynamodb", endpoint_url=stack.endpoint_url
    ).update_item(
        TableName=stack.tables[table],
        Key=_item(pk),
        UpdateExpression="SET a = :a",
        ExpressionAttributeValues={":a": {"S": "x"}},
    )


def _update_in_a_transaction(table: str, *pks: str) -> Attempt:
    return lambda session, stack: session.client(
        "dynamodb", endpoint_url=stack.endpoint_url
    ).transact_write_items(
        TransactItems=[
            {
                "Update": {
                    "TableName": stack.tables[table],
                    "Key": _item(pk),
                    "UpdateExpression": "SET a = :a",
                    "ExpressionAttributeValues": {":a": {"S": "x"}},
                }
            }
            for pk in pks
        ]
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


def _unwrap(purpose: str) -> Attempt:
    """Opens a branch key of `purpose` that came to the role past the keys table."""

    def attempt(session: boto3.Session, stack: Stack) -> object:
        context = {"application": "jaga", "stage": "local", "purpose": purpose, "branch": "01JTEST"}
        made = stack.session.client("kms").generate_data_key(
            KeyId=stack.settings.vault_key_id, NumberOfBytes=32, EncryptionContext=context
        )
        return session.client("kms", endpoint_url=stack.endpoint_url).decrypt(
            KeyId=stack.settings.vault_key_id,
            CiphertextBlob=made["CiphertextBlob"],
            EncryptionContext=context,
        )

    return attempt


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


def _sign_receipt(session: boto3.Session, stack: Stack) -> object:
    return session.client("kms", endpoint_url=stack.endpoint_url).sign(
        KeyId=stack.settings.receipt_key_id,
        Message=b"x",
        MessageType="RAW",
        SigningAlgorithm="ECDSA_SHA_256",
    )


def _put_event(session: boto3.Session, stack: Stack) -> object:
    entry: Any = {
        "EventBusName": stack.settings.event_bus,
        "Source": "test",
        "DetailType": "test",
        "Detail": "{}",
    }
    events: Any = session.client("events", endpoint_url=stack.endpoint_url)
    return events.put_events(Entries=[entry])


def _sign_for_partners(session: boto3.Session, stack: Stack) -> object:
    return session.client("kms", endpoint_url=stack.endpoint_url).sign(
        KeyId=stack.settings.partner_key_id,
        Message=b"x",
        MessageType="RAW",
        SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256",
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


def _exports(operation: str, key: str, **parameters: object) -> Attempt:
    """An operation of S3 on an object of the exports bucket."""

    def attempt(session: boto3.Session, stack: Stack) -> object:
        client = session.client("s3", endpoint_url=stack.endpoint_url)
        bucket = stack.settings.exports_bucket
        return getattr(client, operation)(Bucket=bucket, Key=key, **parameters)

    return attempt


def _archive(operation: str, key: str, **parameters: object) -> Attempt:
    """An operation of S3 on an object of the archive of rows."""

    def attempt(session: boto3.Session, stack: Stack) -> object:
        client = session.client("s3", endpoint_url=stack.endpoint_url)
        return getattr(client, operation)(
            Bucket=stack.settings.archive_bucket, Key=key, **parameters
        )

    return attempt


def _fetch_archive(session: boto3.Session, stack: Stack) -> object:
    """Reads an archive that the account's root put there."""
    bucket = stack.settings.exports_bucket
    stack.session.client("s3").put_object(Bucket=bucket, Key="archives/x/y", Body=b"x")
    return _exports("get_object", "archives/x/y")(session, stack)


def _list_exports(prefix: str = "") -> Attempt:
    return lambda session, stack: session.client(
        "s3", endpoint_url=stack.endpoint_url
    ).list_objects_v2(Bucket=stack.settings.exports_bucket, Prefix=prefix)


def _public_key(session: boto3.Session, stack: Stack) -> object:
    return session.client("kms", endpoint_url=stack.endpoint_url).get_public_key(
        KeyId=stack.settings.signing_key_id
    )


def _send_to_webhooks(session: boto3.Session, stack: Stack) -> object:
    return session.client("sqs", endpoint_url=stack.endpoint_url).send_message(
        QueueUrl=stack.settings.webhook_queue_url, MessageBody="{}"
    )


def _attach_policy(session: boto3.Session, stack: Stack) -> object:
    return session.client("iam", endpoint_url=stack.endpoint_url).create_role(
        RoleName="more", AssumeRolePolicyDocument="{}"
    )


OURS, THEIRS = "SCOPE#visitors/jutsoo/2026-11-23", "SCOPE#export/1"
"""A key that the API's role may use, and one of a purpose that nobody gave it."""

PERSONS = "SCOPE#person/1"

FORBIDDEN: list[tuple[str, str, Attempt]] = [
    ("ApiHandlerRole", "replace another purpose's key", _put("keys", THEIRS)),
    ("ApiHandlerRole", "replace another purpose's branch", _put("keys", "BRANCH#export")),
    (
        "ApiHandlerRole",
        "hide one among its own",
        _put_in_a_transaction("keys", OURS, THEIRS),
    ),
    ("ApiHandlerRole", "read another purpose's key", _get("keys", THEIRS)),
    ("ApiHandlerRole", "read one among its own", _batch_get("keys", OURS, THEIRS)),
    ("ApiHandlerRole", "read another purpose's branch", _query("keys", "BRANCH#export")),
    ("ApiHandlerRole", "lean on a site", _check("records", "SITE#jutsoo")),
    ("ApiHandlerRole", "rewrite a site", _put("records", "SITE#jutsoo")),
    ("ApiHandlerRole", "put anything beside the choices", _put("preferences", "ENTITY#x")),
    ("ApiHandlerRole", "read many records", _batch_get("records", "SITE#jutsoo")),
    ("DigestPreferencesRole", "replace an entry", _put("audit", "ENTITY#site#jutsoo")),
    (
        "DigestPreferencesRole",
        "replace one in a transaction",
        _put_in_a_transaction("audit", "LEAVES#2026-11-23T10", "ENTITY#site#jutsoo"),
    ),
    ("CheckpointTrailRole", "rewrite a site", _put("records", "SITE#jutsoo")),
    ("CheckpointTrailRole", "set a head back", _put("records", "TRAIL#site#jutsoo")),
    (
        "CheckpointTrailRole",
        "rewrite a site in a transaction",
        _put_in_a_transaction("records", "SITE#jutsoo"),
    ),
    ("CheckpointTrailRole", "read a site", _get("records", "SITE#jutsoo")),
    ("CheckpointTrailRole", "read many sites", _batch_get("records", "SITE#jutsoo")),
    ("CheckpointTrailRole", "list records", _query("records", "SITE#jutsoo")),
    ("CheckpointTrailRole", "read an entry", _get("audit", "LEAVES#2026-11-23T10")),
    ("CheckpointTrailRole", "put a leaf batch", _put("audit", "LEAVES#2026-11-23T10")),
    ("ApiHandlerRole", "rewrite a site", _put("records", "SITE#jutsoo")),
    ("ApiHandlerRole", "read where the trail was sealed", _get("records", "CHECKPOINT")),
    ("ApiHandlerRole", "rewrite a site's trail", _put("audit", "ENTITY#site#jutsoo")),
    ("ApiHandlerRole", "set a site's head back", _put("records", "TRAIL#site#jutsoo")),
    ("ApiHandlerRole", "change an entry", _update("audit")),
    ("ApiHandlerRole", "change a record at will", _update("records")),
    ("ApiHandlerRole", "delete a record at will", _delete("records")),
    ("ApiHandlerRole", "read all records", _scan("records")),
    ("ApiHandlerRole", "forget an answer", _update("records", "REMOTE#x")),
    ("ApiHandlerRole", "remove a place's task", _delete("records", "REMOTE#x")),
    ("SendWebhooksRole", "read a place's task", _get("records", "REMOTE#x")),
    ("SendMailRole", "read a place's task", _get("records", "REMOTE#x")),
    ("FulfilRequestsRole", "remove a place's task", _delete("records", "REMOTE#x")),
    ("FulfilRequestsRole", "publish a data map", _put("records", "DATAMAP")),
    ("WatchRequestsRole", "read the data map", _get("records", "DATAMAP")),
    ("AuthorizeRole", "read a record", _get("records", "SUBJECT#x")),
    ("AuthorizeRole", "read a wrapped key", _get("keys")),
    ("AuthorizeRole", "make a data key", _data_key(application="jaga", stage="local")),
    ("ApiHandlerRole", "delete a wrapped key", _delete("keys")),
    ("ApiHandlerRole", "delete one in a transaction", _delete_in_a_transaction("keys")),
    ("ApiHandlerRole", "change a wrapped key", _update("keys")),
    ("ApiHandlerRole", "read every choice", _scan("preferences")),
    ("ApiHandlerRole", "delete a choice", _delete("preferences")),
    ("ApiHandlerRole", "delete an audit entry", _delete("audit")),
    ("ApiHandlerRole", "make a key without context", _data_key()),
    (
        "ApiHandlerRole",
        "make a key of another stage",
        _data_key(application="jaga", stage="prod", purpose="visitors"),
    ),
    (
        "ApiHandlerRole",
        "make a key without a purpose",
        _data_key(application="jaga", stage="local"),
    ),
    (
        "ApiHandlerRole",
        "make a key of another purpose",
        _data_key(application="jaga", stage="local", purpose="export"),
    ),
    ("ApiHandlerRole", "open a key of another purpose", _unwrap("export")),
    *(
        (f"{function}Role", "open a person's key", _unwrap("person"))
        for function in (
            "Authorize",
            "CheckpointTrail",
            "CountConsents",
            "CountPreferences",
            "DigestPreferences",
            "RecordFeedback",
            "RelayOutbox",
            "SendMail",
            "SendWebhooks",
            "WatchRequests",
        )
    ),
    ("WatchRequestsRole", "open an endpoint's key", _unwrap("endpoint")),
    ("WatchRequestsRole", "read a person's key", _batch_get("keys", "SCOPE#request/1", PERSONS)),
    ("WatchRequestsRole", "open waiting mail", _batch_get("keys", "SCOPE#mail-messages/x")),
    ("WatchRequestsRole", "put a request's key", _put("keys", "SCOPE#request/1")),
    ("WatchRequestsRole", "destroy a person's key", _delete("keys", "SCOPE#person/x")),
    ("WatchRequestsRole", "note an erased person", _put("records", "ERASURE#person/x")),
    ("ApiHandlerRole", "destroy a person's key", _delete("keys", "SCOPE#person/x")),
    ("ApiHandlerRole", "destroy a request's key", _delete("keys", "SCOPE#request/x")),
    ("ApiHandlerRole", "note an erased person", _put("records", "ERASURE#person/x")),
    ("ApiHandlerRole", "find what nobody proved", _query("records", "ASKED#x")),
    ("WatchRequestsRole", "read a person", _get("records", "SUBJECT#x")),
    ("WatchRequestsRole", "read a message", _get("records", "OUTBOX#x")),
    ("WatchRequestsRole", "list records", _query("records", "REQUEST#x")),
    ("WatchRequestsRole", "change a message", _update("records", "OUTBOX#x")),
    ("WatchRequestsRole", "remove a request", _delete("records", "REQUEST#x")),
    ("WatchRequestsRole", "set another's head back", _put("records", "TRAIL#site#jutsoo")),
    ("WatchRequestsRole", "put another's entry", _put("audit", "ENTITY#site#jutsoo")),
    (
        "WatchRequestsRole",
        "hide one among its own",
        _put_in_a_transaction("records", "REQUEST#x", "SITE#x"),
    ),
    ("WatchRequestsRole", "change an entry", _update("audit", "ENTITY#request#x")),
    ("WatchRequestsRole", "read a choice", _get("preferences")),
    ("WatchRequestsRole", "send past the outbox", _send_to_webhooks),
    ("SendMailRole", "open an endpoint's key", _unwrap("endpoint")),
    ("SendMailRole", "open an event's key", _unwrap("webhook-messages")),
    ("ApiHandlerRole", "use the storage key itself", _use_storage_key),
    ("ApiHandlerRole", "sign a checkpoint", _sign),
    ("ApiHandlerRole", "delete the vault's key", _schedule_key_deletion),
    ("WatchConsentsRole", "sign a checkpoint", _sign),
    ("WatchConsentsRole", "sign a receipt", _sign_receipt),
    ("FulfilRequestsRole", "sign a receipt", _sign_receipt),
    ("ApiHandlerRole", "remove a record of a consent", _delete("records", "CONSENTS#x")),
    ("ApiHandlerRole", "change a record of a consent", _update("records", "CONSENTS#x")),
    ("ApiHandlerRole", "change a published notice", _update("records", "NOTICE#x")),
    ("ApiHandlerRole", "remove a published notice", _delete("records", "NOTICE#x")),
    ("ApiHandlerRole", "change a ledger", _update("records", "TELLING#x")),
    ("WatchConsentsRole", "remove a record of a consent", _delete("records", "CONSENTS#x")),
    ("WatchConsentsRole", "list a person's consents", _query("records", "CONSENTS#x")),
    ("WatchConsentsRole", "change a person", _put("records", "SUBJECT#x")),
    ("WatchConsentsRole", "read a session", _get("records", "SESSION#x")),
    ("WatchConsentsRole", "read a request", _get("records", "REQUEST#x")),
    ("WatchConsentsRole", "destroy a person's key", _delete("keys", "SCOPE#person/x")),
    ("WatchConsentsRole", "put a person's key", _put("keys", "SCOPE#person/x")),
    ("WatchConsentsRole", "open an endpoint's key", _unwrap("endpoint")),
    ("WatchConsentsRole", "change an entry", _update("audit", "ENTITY#consent#x")),
    ("WatchConsentsRole", "put another's entry", _put("audit", "ENTITY#site#jutsoo")),
    ("WatchConsentsRole", "send past the outbox", _send_to_webhooks),
    ("ApiHandlerRole", "put an event past the outbox", _put_event),
    ("SendMailRole", "put a line into a ledger", _put("records", "TELLING#x")),
    ("RecordFeedbackRole", "read a ledger", _get("records", "TELLING#x")),
    ("ApiHandlerRole", "replace the partners' certificate", _put("records", "CERTIFICATE#opendsr")),
    ("SendWebhooksRole", "put a submission", _put("records", "OPENDSR#x#y")),
    ("SendWebhooksRole", "put a callback", _put("records", "CALLBACK#x")),
    ("SendWebhooksRole", "sign a checkpoint", _sign),
    ("FulfilRequestsRole", "sign for partners", _sign_for_partners),
    ("WatchRequestsRole", "sign for partners", _sign_for_partners),
    *(
        (f"{function}Role", what, attempt)
        for function in ("ApiHandler", "SweepRetention", "WatchConsents", "WatchRequests")
        for what, attempt in (
            ("end an archived row", _delete("keys", "SCOPE#archive/x")),
            ("end a day of choices", _delete("keys", OURS)),
            ("put a row into the archive", _archive("put_object", "records/x/y", Body=b"x")),
            ("hide a row of the archive", _archive("delete_object", "records/x/y")),
        )
    ),
    ("FulfilRequestsRole", "change the erasure ledger", _update("audit", "LEDGER#2026-11-23T10")),
    ("FulfilRequestsRole", "shorten the ledger", _delete("audit", "LEDGER#2026-11-23T10")),
    ("FulfilRequestsRole", "sign a document of the ledger", _put_object("erasures/x")),
    ("FulfilRequestsRole", "put anything else", _archive("put_object", "other/x", Body=b"x")),
    (
        "FulfilRequestsRole",
        "delete a version of an archived row",
        _archive("delete_object", "records/x/y", VersionId="x"),
    ),
    *(
        (f"{function}Role", "put a line into the ledger", _put("audit", "LEDGER#2026-11-23T10"))
        for function in ("ApiHandler", "CheckpointTrail", "SweepRetention", "WatchConsents")
    ),
    *(
        (f"{function}Role", "read an archived row", _archive("get_object", "records/x/y"))
        for function in ("CheckpointTrail", "SendMail", "SweepRetention", "WatchRequests")
    ),
    ("ApiHandlerRole", "write a checkpoint", _put_object("checkpoints/x")),
    ("FulfilRequestsRole", "put anything else", _exports("put_object", "other/x", Body=b"x")),
    ("FulfilRequestsRole", "write a checkpoint", _put_object("checkpoints/x")),
    ("ApiHandlerRole", "read a part of a copy", _exports("get_object", "parts/x/y")),
    ("ApiHandlerRole", "put an archive", _exports("put_object", "archives/x/y", Body=b"x")),
    ("ApiHandlerRole", "delete an archive", _exports("delete_object", "archives/x/y")),
    ("ApiHandlerRole", "list the copies", _list_exports("archives/x/")),
    ("FulfilRequestsRole", "list the whole bucket", _list_exports()),
    ("FulfilRequestsRole", "list something else in it", _list_exports("other/")),
    *(
        (f"{function}Role", "fetch an archive", _exports("get_object", "archives/x/y"))
        for function in (
            "Authorize",
            "CheckpointTrail",
            "DigestPreferences",
            "RecordFeedback",
            "RelayOutbox",
            "SendMail",
            "SendWebhooks",
        )
    ),
    *(
        (f"{function}Role", what, attempt)
        for function in ("CountConsents", "CountPreferences")
        for what, attempt in (
            ("read a person's consents", _get("records", "CONSENTS#x")),
            ("read one among markers", _batch_get("records", "COUNTED#x", "SUBJECT#x")),
            ("read a choice", _get("preferences", "SITE#x")),
            ("set a counter anew", _put("records", "STATISTICS#2026-11-23")),
            ("remove a counter", _delete("records", "STATISTICS#2026-11-23")),
            ("forget a marker", _delete("records", "COUNTED#x")),
            ("count a request", _update("records", "REQUEST#x")),
            ("read a person's key", _batch_get("keys", PERSONS)),
            ("make a data key", _data_key(application="jaga", stage="local", purpose="visitors")),
        )
    ),
    ("CountConsentsRole", "read a visitors' key", _batch_get("keys", OURS)),
    ("CountConsentsRole", "open a visitors' key", _unwrap("visitors")),
    ("DigestPreferencesRole", "open a visitors' key", _unwrap("visitors")),
    ("ApiHandlerRole", "change a counter", _update("records", "STATISTICS#2026-11-23")),
    ("ApiHandlerRole", "set a counter", _put("records", "STATISTICS#2026-11-23")),
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
    ("ApiHandlerRole", "remove a site", _delete("records", "SITE#jutsoo")),
    ("ApiHandlerRole", "remove a person", _delete("records", "SUBJECT#x")),
    ("ApiHandlerRole", "remove a request", _delete("records", "REQUEST#x")),
    ("ApiHandlerRole", "lean on a person", _check("records", "SUBJECT#x")),
    ("ApiHandlerRole", "read many people", _batch_get("records", "SUBJECT#x")),
    (
        "ApiHandlerRole",
        "read one among requests",
        _batch_get("records", "REQUEST#x", "SUBJECT#x"),
    ),
    (
        "ApiHandlerRole",
        "change a request among counters",
        _update_in_a_transaction("records", "LIMIT#x", "REQUEST#x"),
    ),
    *(
        (f"{function}Role", "read what a person has open", _get("records", "OPEN#x"))
        for function in ("FulfilRequests", "SendMail", "SendWebhooks", "WatchRequests")
    ),
    ("ApiHandlerRole", "put a dead letter", _put("records", "WEBHOOK#x")),
    ("SendWebhooksRole", "note a result", _put("records", "IDEMPOTENCY#staff#x")),
    ("SendWebhooksRole", "read a result", _get("records", "IDEMPOTENCY#staff#x")),
    ("ApiHandlerRole", "take a key back", _delete("records", "IDEMPOTENCY#staff#x")),
    ("ApiHandlerRole", "send past the outbox", _send_to_webhooks),
    ("SendWebhooksRole", "rewrite a site", _put("records", "SITE#jutsoo")),
    ("SendWebhooksRole", "set another's head back", _put("records", "TRAIL#site#jutsoo")),
    ("SendWebhooksRole", "put another's entry", _put("audit", "ENTITY#site#jutsoo")),
    (
        "SendWebhooksRole",
        "hide one among its own",
        _put_in_a_transaction("records", "WEBHOOK#x", "SITE#jutsoo"),
    ),
    ("SendWebhooksRole", "change a session", _update("records", "SESSION#x")),
    ("SendWebhooksRole", "remove an endpoint", _delete("records", "WEBHOOKS")),
    ("SendWebhooksRole", "read a person", _get("records", "SUBJECT#x")),
    ("SendWebhooksRole", "read a choice", _get("preferences")),
    ("SendWebhooksRole", "read a person's key", _batch_get("keys", "SCOPE#endpoint/1", PERSONS)),
    ("SendWebhooksRole", "read a mail's key", _batch_get("keys", "SCOPE#mail-messages/x")),
    ("SendWebhooksRole", "open a mail's key", _unwrap("mail-messages")),
    ("SendWebhooksRole", "put an endpoint's key", _put("keys", "SCOPE#endpoint/1")),
    ("SendWebhooksRole", "make a data key", _data_key(application="jaga", stage="local")),
    ("SendWebhooksRole", "fill its own queue", _send_to_webhooks),
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
    *(
        (
            "ApiHandlerRole",
            f"make a key of {purpose}",
            _data_key(application="jaga", stage="local", purpose=purpose),
        )
        for purpose in (
            "endpoint",
            "mac",
            "mail-messages",
            "person",
            "visitors",
            "webhook-messages",
        )
    ),
    ("ApiHandlerRole", "open a person's key", _unwrap("person")),
    ("SendMailRole", "open a mail's key", _unwrap("mail-messages")),
    ("SendWebhooksRole", "open an event's key", _unwrap("webhook-messages")),
    ("SendWebhooksRole", "open an endpoint's key", _unwrap("endpoint")),
    ("ApiHandlerRole", "read a wrapped key", _get("keys", OURS)),
    ("ApiHandlerRole", "read several", _batch_get("keys", OURS, "SCOPE#mac/cursors/v1")),
    ("ApiHandlerRole", "find its branch", _query("keys", "BRANCH#visitors")),
    ("ApiHandlerRole", "ask the erasure ledger", _check("records", "ERASURE#visitors/test/1")),
    ("ApiHandlerRole", "fetch an archive", _fetch_archive),
    ("FulfilRequestsRole", "fetch an archive", _fetch_archive),
    *(
        ("FulfilRequestsRole", f"{what} below {folder}", attempt)
        for folder in ("archives", "parts")
        for what, attempt in (
            ("put", _exports("put_object", f"{folder}/x/y", Body=b"x")),
            ("begin an upload", _exports("create_multipart_upload", f"{folder}/x/y")),
            ("delete", _exports("delete_object", f"{folder}/x/y")),
        )
    ),
    ("FulfilRequestsRole", "list the copies", _list_exports("archives/x/")),
    ("FulfilRequestsRole", "list the parts", _list_exports("parts/x/")),
    ("ApiHandlerRole", "read the public key", _public_key),
    ("ApiHandlerRole", "publish a data map", _put("records", "DATAMAP")),
    ("FulfilRequestsRole", "read the data map", _get("records", "DATAMAP")),
    ("ApiHandlerRole", "note a result", _put("records", "IDEMPOTENCY#staff#x")),
    ("ApiHandlerRole", "read a result", _get("records", "IDEMPOTENCY#staff#x")),
    ("ApiHandlerRole", "count together", _update_in_a_transaction("records", "LIMIT#x")),
    ("ApiHandlerRole", "read counters and requests", _batch_get("records", "LIMIT#x", "REQUEST#x")),
    ("ApiHandlerRole", "read what a person has open", _get("records", "OPEN#x")),
    # Together: one statement has to allow all keys of a transaction.
    ("ApiHandlerRole", "lean on it", _check("records", "OPEN#x", "ERASURE#request/x")),
    ("ApiHandlerRole", "end it", _delete("records", "OPEN#x")),
    ("FulfilRequestsRole", "end it", _delete("records", "OPEN#x")),
    ("FulfilRequestsRole", "find what nobody proved", _query("records", "ASKED#x")),
    ("FulfilRequestsRole", "wipe it", _delete("records", "ASKED#x")),
    ("ApiHandlerRole", "list what nobody proved", _put("records", "ASKED#x")),
    ("ApiHandlerRole", "end it unproved", _delete("records", "ASKED#x")),
    ("WatchRequestsRole", "end it unproved", _delete("records", "ASKED#x")),
    ("WatchRequestsRole", "forget what it said", _delete("keys", "SCOPE#request/x")),
    ("WatchRequestsRole", "note that in the ledger", _put("records", "ERASURE#request/x")),
    ("CheckpointTrailRole", "read heads", _batch_get("records", "TRAIL#site#jutsoo")),
    ("CheckpointTrailRole", "read leaf batches", _query("audit", "LEAVES#2026-11-23T10")),
    ("CheckpointTrailRole", "read its pointer", _get("records", "CHECKPOINT")),
    ("CheckpointTrailRole", "sign", _sign),
    ("ApiHandlerRole", "sign for partners", _sign_for_partners),
    ("ApiHandlerRole", "sign a receipt", _sign_receipt),
    ("ApiHandlerRole", "read where many stand", _batch_get("records", "STANDING#x")),
    ("ApiHandlerRole", "read a text", _query("records", "TEXT#x")),
    ("ApiHandlerRole", "add a record of a consent", _put("records", "CONSENTS#x")),
    ("ApiHandlerRole", "detach a browser", _delete("records", "BROWSERS#x")),
    ("SendWebhooksRole", "put an event", _put_event),
    ("WatchConsentsRole", "tell many", _batch_get("records", "SUBJECT#x", "STANDING#x")),
    (
        "WatchConsentsRole",
        "write what belongs together",
        _put_in_a_transaction(
            "records", "CONSENTS#t", "NOTICE#t", "OUTBOX#t", "STANDING#t", "STOP#t", "TELLING#t"
        ),
    ),
    (
        "RecordFeedbackRole",
        "note a bounce in both",
        _update_in_a_transaction("records", "OUTBOX#t", "TELLING#t"),
    ),
    (
        "SendMailRole",
        "note a death in both",
        _update_in_a_transaction("records", "OUTBOX#t", "TELLING#t"),
    ),
    ("FulfilRequestsRole", "remove an erased person's records", _delete("records", "CONSENTS#x")),
    ("FulfilRequestsRole", "forget their browsers", _delete("records", "BROWSERS#x")),
    ("SendWebhooksRole", "sign for partners", _sign_for_partners),
    ("SendWebhooksRole", "read a callback", _get("records", "CALLBACK#x")),
    ("FulfilRequestsRole", "tell partners", _update("records", "CALLBACK#x")),
    ("SendWebhooksRole", "read a message", _get("records", "OUTBOX#x")),
    ("SendWebhooksRole", "read its keys", _batch_get("keys", "SCOPE#endpoint/1")),
    ("SendWebhooksRole", "put a dead letter", _put("records", "WEBHOOK#x")),
    ("WatchRequestsRole", "read a request", _get("records", "REQUEST#x")),
    ("WatchRequestsRole", "count its alerts", _update("records", "REQUEST#x")),
    ("WatchRequestsRole", "write a message", _put("records", "OUTBOX#x")),
    ("WatchRequestsRole", "open a request's key", _unwrap("request")),
    ("WatchRequestsRole", "ask for endpoints", _query("records", "WEBHOOKS")),
    ("ApiHandlerRole", "read counters", _query("records", "STATISTICS#2026-11-23")),
    ("CountPreferencesRole", "open a visitors' key", _unwrap("visitors")),
    ("CountPreferencesRole", "read its wrapped key", _batch_get("keys", OURS)),
    *(
        (f"{function}Role", what, attempt)
        for function in ("CountConsents", "CountPreferences")
        for what, attempt in (
            ("read markers", _batch_get("records", "COUNTED#x")),
            ("put a marker", _put_in_a_transaction("records", f"COUNTED#{function}")),
            ("count", _update_in_a_transaction("records", "STATISTICS#2000-01-01")),
        )
    ),
]


@pytest.mark.parametrize(
    ("role", "attempt"),
    [(role, attempt) for role, _, attempt in ALLOWED],
    ids=[f"{role} may {what}" for role, what, _ in ALLOWED],
)
def test_the_refusals_are_not_of_everything(stack: Stack, role: str, attempt: Attempt) -> None:
    assert attempt(_session(stack, role), stack)

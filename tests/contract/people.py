"""What tests of sessions share: the mails that wait in the outbox, and signing in by one."""

import json
from contextlib import suppress
from typing import Any, cast

from chalicelib.identity.vouching import Voucher
from chalicelib.notices.outbox import message_context, message_scope
from chalicelib.oidc.keys import KeySet
from chalicelib.oidc.tokens import Issuer
from chalicelib.services import Services
from chalicelib.tables.codec import decode
from chalicelib.vault.errors import KeyDestroyed
from tests.contract.moto_tables import SESSION
from tests.gateway import Answer, Gateway
from tests.tokens import Pool, bearer

SESSIONS = "/v1/sessions"
VERIFY = "/v1/sessions/verify"
VOUCHED = "/v1/sessions/vouched"
CURRENT = "/v1/sessions/current"
EMAIL = "siti.rahma@example.test"
PROVIDER = Pool("ap-southeast-3_provider")
AUDIENCE = "platform-users"


def ask(gateway: Gateway, email: str = EMAIL, language: str = "id") -> Answer:
    return _post(gateway, SESSIONS, {"email": email, "language": language})


def verify(gateway: Gateway, code: str, email: str = EMAIL) -> Answer:
    return _post(gateway, VERIFY, {"email": email, "code": code})


def vouch(gateway: Gateway, id_token: str) -> Answer:
    return _post(gateway, VOUCHED, {"id_token": id_token, "language": "en"})


def signed_in(gateway: Gateway, services: Services, email: str = EMAIL) -> str:
    """A session token for `email`, by code."""
    assert ask(gateway, email).status == 202
    answer = verify(gateway, codes(services, email)[-1], email)
    assert answer.status == 200, answer.body
    return str(answer.json()["token"])


def current(gateway: Gateway, token: str) -> Answer:
    return gateway.call("GET", CURRENT, headers=bearer(token))


def codes(services: Services, email: str = EMAIL) -> list[str]:
    """The codes in the mails to `email` that wait in the outbox, oldest first."""
    to_them = [mail["values"] for mail in mails(services) if mail["to"] == email]
    return [values["code"] for values in to_them if "code" in values]


def mails(services: Services) -> list[dict[str, Any]]:
    """All mails in the outbox that can be read still, opened, oldest first."""
    items = sorted(
        (
            item
            for item in records(services)
            if item["et"] == "outbox_message" and item["channel"] == "mail" and "sealed" in item
        ),
        key=lambda item: str(item["pk"]),
    )
    opened = []
    for item in items:
        scope, context = message_scope(item), message_context(services.records, item)
        with suppress(KeyDestroyed):  # its day's key ended
            opened.append(services.vault.open(scope, context, cast("bytes", item["sealed"])))
    return [json.loads(each) for each in opened]


def records(services: Services) -> list[dict[str, Any]]:
    """Every item of the records table."""
    name = services.settings.records_table
    # A client of our own: what the services call is counted elsewhere.
    return [decode(item) for item in SESSION.client("dynamodb").scan(TableName=name)["Items"]]


def provider_vouches(services: Services) -> None:
    """Configures the platform's identity provider, whose keys the tests hold."""
    issuer = Issuer(PROVIDER.issuer, KeySet(PROVIDER.jwks, services.clock))
    services.__dict__["_voucher"] = Voucher(services.records, issuer, AUDIENCE, services.clock)


def id_token(services: Services, **changes: Any) -> str:
    """What the provider says of its signed-in user; None takes a claim away."""
    said = {"aud": AUDIENCE, "token_use": "id", "email": EMAIL, "email_verified": True}
    return PROVIDER.sign(PROVIDER.claims(services.clock, **{**said, **changes}))


def _post(gateway: Gateway, path: str, content: Any) -> Answer:
    headers = {"content-type": "application/json"}
    return gateway.call("POST", path, body=json.dumps(content), headers=headers)

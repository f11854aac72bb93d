"""What tests of consents share: a person who decides, a platform that records and asks."""

import json
from datetime import timedelta
from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.consents.asking import NOTICE
from chalicelib.services import Services
from tests.contract.people import EMAIL, signed_in
from tests.gateway import Answer, Gateway
from tests.tokens import bearer, platform_token, staff_token

PURPOSE = "third_party_integration"


class Office:
    """The API as its users call it."""

    def __init__(self, services: Services, gateway: Gateway) -> None:
        self.services = services
        self.gateway = gateway
        self.query = ""
        """Put behind the path of what is called from now on."""

    def shown(self, language: str = "en") -> dict[str, str]:
        """The text in force, as whoever was asked names it."""
        answer = self.gateway.call("GET", f"/v1/notices/{NOTICE}")
        assert answer.status == 200, answer.body
        return {"notice_sha256": answer.json()["sha256"][language], "language": language}

    def person(self, email: str = EMAIL) -> "Person":
        return Person(self, signed_in(self.gateway, self.services, email))

    def publish(self, version: str, **changes: Any) -> Answer:
        """A version of the policy published by the privacy officer."""
        current = self.gateway.call("GET", f"/v1/notices/{NOTICE}").json()
        body = {
            "version": version,
            "texts": current["texts"],
            "summary": {"en": "What changes.", "id": "Yang berubah."},
            "significant": False,
            "effective_at": rfc3339(self.services.clock.now()),
            "asks": [PURPOSE],
            **changes,
        }
        token = staff_token(self.services.clock, "dpo")
        path = f"/v1/staff/notices/{NOTICE}/versions"
        return self.call("POST", path, token, body)

    def collect(self, **changes: Any) -> Answer:
        """A consent that the platform collected a minute ago."""
        moment = self.services.clock.now() - timedelta(minutes=1)
        body = {
            "user_id": "user-1",
            "email": EMAIL,
            "purpose": PURPOSE,
            "state": "given",
            **self.shown(),
            "method": "checkbox",
            "channel": "platform",
            "evidence": "screen 12, box ticked",
            "occurred_at": rfc3339(moment),
            **changes,
        }
        token = platform_token(self.services.clock, "consents:write")
        given = {name: value for name, value in body.items() if value is not None}
        return self.call("POST", "/v1/consents", token, given)

    def check(self, subject: str, purpose: str = PURPOSE) -> dict[str, Any]:
        token = platform_token(self.services.clock, "consents:check")
        path = f"/v1/consents/check?subject={subject}&purpose={purpose}"
        answer = self.call("GET", path, token)
        assert answer.status == 200, answer.body
        return dict(answer.json())

    def call(
        self, method: str, path: str, token: str, body: object = None, key: str = ""
    ) -> Answer:
        headers = {**bearer(token), "content-type": "application/json"}
        if key:
            headers["idempotency-key"] = key
        text = None if body is None else json.dumps(body)
        query = self.query.replace("?", "&") if "?" in path else self.query
        return self.gateway.call(method, path + query, body=text, headers=headers)


class Person:
    """Somebody with a session."""

    def __init__(self, office: Office, token: str) -> None:
        self.office = office
        self.token = token

    @property
    def subject_id(self) -> str:
        return str(self.own()["subject_id"])

    def own(self) -> dict[str, Any]:
        answer = self.call("GET", "/v1/consents")
        assert answer.status == 200, answer.body
        return dict(answer.json())

    def consent(self) -> dict[str, Any]:
        (consent,) = self.own()["consents"]
        return dict(consent)

    def decide(self, state: str, key: str = "", **changes: Any) -> Answer:
        body = {"state": state, **self.office.shown(), **changes}
        return self.call("PUT", f"/v1/consents/{PURPOSE}", body, key)

    def history(self) -> list[dict[str, Any]]:
        answer = self.call("GET", f"/v1/consents/{PURPOSE}")
        assert answer.status == 200, answer.body
        return list(answer.json()["records"])

    def call(self, method: str, path: str, body: object = None, key: str = "") -> Answer:
        return self.office.call(method, path, self.token, body, key)

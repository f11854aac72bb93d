"""A call of each operation about consents and notices, as whoever may, doing what it is for."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.consents.asking import NOTICE
from chalicelib.services import Services
from tests.contract.consenting import PURPOSE, Office, Person
from tests.contract.cookies import VISITOR
from tests.contract.importing import Importer, csv_of
from tests.gateway import Answer, Gateway
from tests.tokens import platform_token, staff_token

BEGINNINGS = (
    "/v1/consents",
    "/v1/notice",
    "/v1/staff/notices",
    "/v1/staff/statistics",
    "/v1/staff/subjects/{subject_id}",
)


def call_about_consents(
    gateway: Gateway, services: Services, method: str, path: str, query: str = ""
) -> Answer:
    """Calls the operation with the right token and a body that it takes."""
    calls = _Calls(Office(services, gateway), query)
    return calls.of(method, path)


class _Calls:
    """The calls, each after what has to be there before it."""

    def __init__(self, office: Office, query: str) -> None:
        self._office = office
        self._query = query

    def of(self, method: str, path: str) -> Answer:
        made: dict[tuple[str, str], Callable[[], Answer]] = {
            ("GET", "/v1/consents/check"): self._check,
            ("POST", "/v1/consents/check"): self._check_many,
            ("POST", "/v1/consents"): lambda: self._asking().collect(),
            ("POST", "/v1/consents/imports"): self._import,
            ("GET", "/v1/consents/imports/{import_id}"): self._show_import,
            ("GET", "/v1/consents"): lambda: self._own("GET", ""),
            ("GET", "/v1/consents/{purpose}"): lambda: self._own("GET", f"/{PURPOSE}"),
            ("PUT", "/v1/consents/{purpose}"): self._decide,
            ("GET", "/v1/consents/{purpose}/{record_id}/receipt"): self._receipt,
            ("POST", "/v1/consents/preferences"): self._attach,
            ("DELETE", "/v1/consents/preferences/{attachment_id}"): self._detach,
            ("GET", "/v1/notices/{notice_id}"): lambda: self._get(
                f"/v1/notices/{NOTICE}{self._query}"
            ),
            ("GET", "/v1/notices/{notice_id}/versions"): lambda: self._get(
                f"/v1/notices/{NOTICE}/versions{self._query}"
            ),
            ("GET", "/v1/notices/{notice_id}/versions/{version}"): self._version,
            ("GET", "/v1/notice-texts/{sha256}"): self._text,
            ("POST", "/v1/staff/notices/{notice_id}/versions"): self._publish,
            ("GET", "/v1/staff/notices/{notice_id}/versions/{version}/telling"): self._telling,
            ("GET", "/v1/staff/statistics/consents"): lambda: self._staff(
                "GET", "/v1/staff/statistics/consents"
            ),
            ("GET", "/v1/staff/subjects/{subject_id}/consents/{purpose}"): self._history,
            ("POST", "/v1/staff/subjects/{subject_id}/restriction/lift"): self._lift,
            ("POST", "/v1/staff/subjects/{subject_id}/objection/lift"): self._lift_objection,
        }
        return made[method, path]()

    def _check(self) -> Answer:
        subject = self._consented().subject_id
        token = platform_token(self._office.services.clock, "consents:check")
        path = f"/v1/consents/check?subject={subject}&purpose={PURPOSE}"
        return self._asking().call("GET", path, token)

    def _check_many(self) -> Answer:
        token = platform_token(self._office.services.clock, "consents:check")
        body = {"purpose": PURPOSE, "subjects": [26 * "0"]}
        return self._asking().call("POST", "/v1/consents/check", token, body)

    def _import(self) -> Answer:
        importer = Importer(self._office)
        row = importer.row()
        self._asking()
        return importer.send(csv_of([row]))

    def _show_import(self) -> Answer:
        importer = Importer(self._office)
        import_id = importer.take([importer.row()])
        token = platform_token(self._office.services.clock, "consents:write")
        return self._asking().call("GET", f"/v1/consents/imports/{import_id}", token)

    def _own(self, method: str, path: str, body: Any = None) -> Answer:
        person = self._person()
        self._asking()
        return person.call(method, f"/v1/consents{path}", body)

    def _decide(self) -> Answer:
        person = self._consented()
        self._asking()
        return person.decide("withdrawn")

    def _receipt(self) -> Answer:
        person = self._person()
        record_id = person.decide("given").json()["record"]["record_id"]
        self._asking()
        return person.call("GET", f"/v1/consents/{PURPOSE}/{record_id}/receipt")

    def _attach(self) -> Answer:
        return self._own("POST", "/preferences", {"site": "jutsoo", "visitor_id": VISITOR})

    def _detach(self) -> Answer:
        person = self._person()
        body = {"site": "jutsoo", "visitor_id": VISITOR}
        attached = person.call("POST", "/v1/consents/preferences", body).json()["attachment_id"]
        self._asking()
        return person.call("DELETE", f"/v1/consents/preferences/{attached}")

    def _version(self) -> Answer:
        version = self._get(f"/v1/notices/{NOTICE}").json()["version"]
        return self._get(f"/v1/notices/{NOTICE}/versions/{version}{self._query}")

    def _text(self) -> Answer:
        path = f"/v1/notice-texts/{self._office.shown()['notice_sha256']}?language=en"
        return self._get(path + self._query.replace("?", "&"))

    def _publish(self) -> Answer:
        self._asking()
        effective_at = self._office.services.clock.now() + timedelta(days=8)
        return self._office.publish(
            self._office.services.ids.new(), significant=True, effective_at=rfc3339(effective_at)
        )

    def _telling(self) -> Answer:
        services = self._office.services
        version = services.ids.new()
        effective_at = rfc3339(services.clock.now() + timedelta(days=8))
        told = self._office.publish(version, significant=True, effective_at=effective_at)
        assert told.status == 201, told.body
        path = f"/v1/staff/notices/{NOTICE}/versions/{version}/telling"
        return self._staff("GET", path)

    def _history(self) -> Answer:
        subject = self._consented().subject_id
        path = f"/v1/staff/subjects/{subject}/consents/{PURPOSE}"
        return self._staff("GET", path)

    def _lift(self) -> Answer:
        subject = self._person().subject_id
        obeying = self._office.services.obeying
        self._office.services.run_command(lambda: obeying.restriction(subject, 26 * "0"))
        return self._staff("POST", f"/v1/staff/subjects/{subject}/restriction/lift")

    def _lift_objection(self) -> Answer:
        subject = self._person().subject_id
        obeying = self._office.services.obeying
        self._office.services.run_command(lambda: obeying.objection(subject, 26 * "0"))
        return self._staff("POST", f"/v1/staff/subjects/{subject}/objection/lift")

    def _person(self) -> Person:
        return self._office.person(f"{self._office.services.ids.new().lower()}@example.test")

    def _consented(self) -> Person:
        person = self._person()
        assert person.decide("given").status == 201
        return person

    def _staff(self, method: str, path: str) -> Answer:
        return self._asking().call(method, path, staff_token(self._office.services.clock, "dpo"))

    def _asking(self) -> Office:
        """The office, whose calls have the query from now on: all that is needed is there."""
        self._office.query = self._query
        return self._office

    def _get(self, path: str) -> Answer:
        return self._office.gateway.call("GET", path)

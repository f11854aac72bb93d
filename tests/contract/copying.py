"""A request with a copy: rows at two places, the archive, its release."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from chalicelib.audit.entry import Entity
from chalicelib.connectors.places import Description, Json, Row, Verdict
from chalicelib.requests.copies.models import BuiltCopy, PartDescription
from chalicelib.requests.copies.naming import archive_key
from chalicelib.requests.models import DataRequest
from chalicelib.services import Services
from tests.contract.asking import code_of, make, prove
from tests.contract.people import signed_in
from tests.gateway import Answer, Gateway
from tests.tokens import bearer

PLATFORM = Description("platform", "The platform", "dynamodb", ("users", "payments"))
LOGS = Description("logs", "Access logs", "s3", ("lines",))
BOOKS = Description("books", "The books", "sql", ("entries",))
ROWS = (
    Row("users", {"id": "u1", "name": {"first": "Siti", "last": "Rahma"}, "note": "=1+1"}),
    Row("payments", {"id": 7, "amount": 12.5, "tags": ["a", "b"], "at": None}),
    Row("payments", {"id": 8, "amount": -3, "memo": 'kopi, teh; "susu"\nés'}),
)
PLACES = (
    PartDescription(PLATFORM, Verdict.DONE),
    PartDescription(LOGS, Verdict.NOTHING_FOUND),
    PartDescription(BOOKS, Verdict.FAILED),
)


@dataclass(frozen=True, slots=True)
class Copying:
    """A proved request, and what can be done about its copy."""

    services: Services
    gateway: Gateway
    request: DataRequest
    tracking: str
    sessions: dict[datetime, str] = field(default_factory=dict)

    @classmethod
    def of(cls, gateway: Gateway, services: Services, language: str = "en") -> "Copying":
        """A new one; its address gets its code."""
        email = f"{services.ids.new().lower()}@example.test"
        made = make(gateway, email=email, language=language)
        prove(gateway, made, code_of(services, email))
        request = services.request_book.get(made.json()["request_id"])
        return cls(services, gateway, request, made.json()["tracking_token"])

    @property
    def token(self) -> str:
        """Of a session of the person; a new one once the clock went on, since sessions end."""
        now, email = self.services.clock.now(), self.request.content.email
        if now not in self.sessions:
            self.sessions[now] = signed_in(self.gateway, self.services, email)
        return self.sessions[now]

    def gather(self, rows: Iterable[Row] = ROWS, place: Description = PLATFORM) -> int:
        return self.services.copy_parts.write(self.request.request_id, place.id, rows)

    def build(self, places: Iterable[PartDescription] = PLACES) -> BuiltCopy:
        request = self.services.requests.look(
            self.request.request_id, f"request/{self.request.request_id}"
        )
        trail = self.services.trail.history(Entity("request", request.request_id))
        return self.services.copy_builder.build(request, list(places), trail)

    def release(self) -> BuiltCopy:
        self.gather()
        built = self.build()
        self.services.run_command(
            partial(self.services.copies.release_actions, self.request.request_id, built)
        )
        return built

    def archive(self, built: BuiltCopy) -> bytes:
        return self.object(archive_key(self.request.request_id, built.object_id))

    def object(self, key: str) -> bytes:
        bucket = self.services.settings.exports_bucket
        return self.services.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def files(self, built: BuiltCopy) -> dict[str, bytes]:
        with zipfile.ZipFile(io.BytesIO(self.archive(built))) as packed:
            return {name: packed.read(name) for name in packed.namelist()}

    def names(self) -> list[str]:
        """The exports bucket's objects of this request."""
        listed = self.services.s3.list_objects_v2(Bucket=self.services.settings.exports_bucket)
        keys = [each["Key"] for each in listed.get("Contents", [])]
        return [key for key in keys if self.request.request_id in key]

    def get(self, token: str | None = None) -> Answer:
        return self._call("GET", token)

    def open_again(self, token: str | None = None) -> Answer:
        return self._call("POST", token)

    def actions(self) -> list[str]:
        """What the request's trail says happened."""
        entity = Entity("request", self.request.request_id)
        return [entry.action for entry in self.services.trail.history(entity)]

    def _call(self, method: str, token: str | None) -> Answer:
        path = f"/v1/requests/{self.request.request_id}/export"
        headers = {
            "content-type": "application/json",
            **bearer(self.token if token is None else token),
        }
        return self.gateway.call(method, path, body="", headers=headers)


def release_something(services: Services, request_id: str) -> None:
    """Releases a copy of the request without an archive behind it."""
    built = BuiltCopy("01JOBJECT", "0" * 64, 1, 0, services.clock.now())
    services.run_command(lambda: services.copies.release_actions(request_id, built))


def many(count: int) -> Iterator[Row]:
    """Rows of two collections that take turns, some with awkward texts."""
    for number in range(count):
        values: dict[str, Json] = {"id": number, "text": f"=é{number}" * 20}
        yield Row("even" if number % 2 == 0 else "odd", values)

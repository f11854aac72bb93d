"""CPU time of a whole banner post beside a bare Chalice route, and the cost of importing the app.

    python -m bench.invocation

The network is stubbed below botocore's HTTP client: serialising, signing and parsing are real. The
peer validates the same body with pydantic and makes one bare boto3 `put_item`. Both run in turns in
one process, in short turns, so that a busy machine slows both alike; a figure is the median turn.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import boto3
from botocore.awsrequest import AWSResponse, HTTPHeaders
from chalice.app import Chalice, Request
from pydantic import BaseModel, ConfigDict

from bench.table import Row, print_table
from bench.turns import interleaved
from chalicelib.clock import rfc3339
from chalicelib.cookies.site_store import SiteRecord
from chalicelib.cookies.sites import Site
from chalicelib.notices.models import NoticeVersion
from chalicelib.services import Services, use
from chalicelib.settings import Settings

ORIGIN = "https://www.jutsoo.test"
PATH = "/v1/sites/jutsoo/cookie-preferences"
IMPORTS = 15
_BYTECODE = str(Path(tempfile.gettempdir()) / "jaga-bench-bytecode")

_ANSWERS = {
    "GenerateDataKey": {
        "Plaintext": "A" * 43 + "=",
        "CiphertextBlob": "A" * 43 + "=",
        "KeyId": "bench",
    },
    "Query": {"Items": [], "Count": 0, "ScannedCount": 0},
}


class Body(BaseModel):
    """The peer's idea of the same body."""

    model_config = ConfigDict(extra="forbid")

    event_id: str
    visitor_id: str
    action: str
    choices: dict[str, bool]
    notice_sha256: str
    language: str
    gpc: bool
    occurred_at: datetime


def run() -> list[Row]:
    """Both rows."""
    ours, peer = interleaved(_our_call(), _peer_call())
    app_ms, boto3_ms = _imports()
    return [
        Row(
            "banner post, CPU per invocation", ours, peer, "bare Chalice + boto3", "µs", "≤ 1.25 x"
        ),
        Row(
            "import app, fresh process", app_ms, boto3_ms, "import boto3 + client", "ms", "≤ 1.25 x"
        ),
    ]


def stubbed[T](client: T) -> T:
    """`client` with every request answered in the process, as if by an AWS that says yes."""

    def answer(request: Any, **_: Any) -> Any:
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        response: Any = AWSResponse(request.url, 200, HTTPHeaders(), None)
        response._content = json.dumps(_ANSWERS.get(operation, {})).encode()
        return response

    client.meta.events.register("before-send", answer)  # type: ignore[attr-defined]  # any client
    return client


def _our_call() -> Callable[[], None]:
    from app import app  # noqa: PLC0415  # after the environment is set
    from tests.gateway import Gateway  # noqa: PLC0415

    services = Services(Settings(*["bench"] * len(Settings.__slots__)))
    services.dynamodb, services.kms = stubbed(services.dynamodb), stubbed(services.kms)
    services.sites._cache["jutsoo"] = (datetime.max.replace(tzinfo=UTC), _site(services))
    use(services)
    headers = {"origin": ORIGIN, "content-type": "text/plain;charset=UTF-8"}
    body = json.dumps(_body(services.sites.get("jutsoo").notice.sha256["en"]))
    event = Gateway(app).event("POST", PATH, body=body, headers=headers)

    def call() -> None:
        assert app(event, None)["statusCode"] == 201

    return call


def _peer_call() -> Callable[[], None]:
    peer = Chalice(app_name="peer")
    dynamodb = stubbed(boto3.client("dynamodb"))

    @peer.route(PATH, methods=["POST"])
    def post() -> dict[str, str]:
        request = cast("Request", peer.current_request)
        body = Body.model_validate_json(request.raw_body)
        item = {"pk": {"S": body.visitor_id}, "sk": {"S": body.event_id}}
        dynamodb.put_item(TableName="bench", Item={**item, "body": {"S": body.model_dump_json()}})
        return {"visitor_id": body.visitor_id, "event_id": body.event_id}

    from tests.gateway import Gateway  # noqa: PLC0415

    headers = {"origin": ORIGIN, "content-type": "application/json"}
    event = Gateway(peer).event("POST", PATH, body=json.dumps(_body("0" * 64)), headers=headers)

    def call() -> None:
        assert peer(event, None)["statusCode"] == 200

    return call


def _site(services: Services) -> Site:
    texts = {"en": {"title": "Cookies"}, "id": {"title": "Kuki"}}
    notice = NoticeVersion("cookies-jutsoo", "1", texts, services.clock.now())  # type: ignore[arg-type]  # keys are languages
    names = {"performance": (), "functional": ()}
    record = SiteRecord("jutsoo", frozenset({ORIGIN}), "https://x.test", "1", names, names)
    return Site(record, [notice])


def _body(notice_sha256: str) -> dict[str, Any]:
    return {
        "event_id": "01JEVENT000000000000000001",
        "visitor_id": "01JVS1T0R00000000000000001",
        "action": "accept_all",
        "choices": {"performance": True, "functional": True},
        "notice_sha256": notice_sha256,
        "language": "en",
        "gpc": False,
        "occurred_at": rfc3339(datetime.now().astimezone()),
    }


def _imports() -> tuple[float, float]:
    ours, peer = [], []
    _python("import app, boto3")  # compiles what is not compiled yet
    for _ in range(IMPORTS):
        ours.append(_python("import app"))
        peer.append(_python("import boto3; boto3.client('dynamodb')"))
    return statistics.median(ours), statistics.median(peer)


def _python(code: str) -> float:
    # With compiled bytecode for all, as the artifact and the runtime's boto3 have it.
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": _BYTECODE}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    timed = f"import time; s = time.process_time(); {code}; print((time.process_time() - s) * 1e3)"
    return float(subprocess.check_output([sys.executable, "-c", timed], env=environment))


os.environ.setdefault("AWS_DEFAULT_REGION", "ap-southeast-3")
os.environ.setdefault("AWS_ACCESS_KEY_ID", "bench")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "bench")

if __name__ == "__main__":
    print_table(run())

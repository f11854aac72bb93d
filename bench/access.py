"""What it costs to know who asks, and whether the time that it takes tells anything.

    python -m bench.access

*Warm authorizer*: CPU time of one invocation with the pool's keys in memory, beside PyJWT decoding
the same token with the same key and nothing else. *Verifying a code*: a wrong code for an address
with a code under way and for one without, in turns, the network stubbed below botocore; the sign
test counts in how many pairs the first took longer, which is half of them if nothing can be told.
"""

import base64
import json
import statistics
import time
from collections import Counter
from math import sqrt
from typing import Any

import jwt
from botocore.awsrequest import AWSResponse, HTTPHeaders

from bench.invocation import stubbed
from bench.table import Row, print_table
from bench.turns import interleaved
from chalicelib.clock import SystemClock
from chalicelib.http.permissions import Role
from chalicelib.identity.codes import _NO_CODE, CodePlace, InvalidCode
from chalicelib.identity.models import SELF
from chalicelib.identity.proofs import Proofs
from chalicelib.services import Services, use
from chalicelib.settings import Settings
from chalicelib.tables.codec import Item, encode
from chalicelib.vault.blind_index import Kind
from tests.tokens import STAFF, gatekeeper, staff_token

PAIRS = 3000
KNOWN, UNKNOWN = "siti@example.test", "budi@example.test"
_ARN = "arn:aws:execute-api:ap-southeast-3:000000000000:api/api/GET/v1/staff/account"


def run() -> list[Row]:
    """All rows."""
    return [*_authorizer(), *_verifying()]


def _authorizer() -> list[Row]:
    from app import authorize  # noqa: PLC0415  # after the environment is set by bench.invocation

    clock = SystemClock()
    services = Services(Settings(*["bench"] * len(Settings.__slots__)))
    services.gatekeeper = gatekeeper(clock)
    calls = _counted(services)
    use(services)
    token = staff_token(clock, Role.DPO)
    event = {"type": "TOKEN", "authorizationToken": f"Bearer {token}", "methodArn": _ARN}

    def ours() -> None:
        assert authorize(event, None)["principalId"]

    key = STAFF.key.public_key()

    def peer() -> None:
        assert jwt.decode(token, key, algorithms=["RS256"])

    before = STAFF.fetched
    our_time, peer_time = interleaved(ours, peer)
    use(None)
    return [
        Row("authorizer, warm", our_time, peer_time, "PyJWT decode alone", "µs", "no target"),
        Row(
            "authorizer: fetches of keys",
            STAFF.fetched - before,
            1.0,
            "once an hour",
            "calls",
            "≤ 1",
        ),
        Row("authorizer: AWS calls", calls.total(), 0.0, "none", "calls", "0"),
    ]


def _verifying() -> list[Row]:
    services = Services(Settings(*["bench"] * len(Settings.__slots__)))
    services.dynamodb, services.kms = stubbed(services.dynamodb), stubbed(services.kms)
    proofs = services.proofs
    known = CodePlace(SELF, services.index.token(Kind.EMAIL, KNOWN))
    item = proofs._codes.issue(known, "01JCODE", "123456", "id").item
    _answer_updates(services, known, item)
    times: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
    for pair in range(PAIRS + 200):
        for email in (KNOWN, UNKNOWN) if pair % 2 else (UNKNOWN, KNOWN):
            taken = _wrong_code(proofs, email)
            if pair >= 200:  # the first ones fill caches
                times[email].append(taken)
    pairs = zip(times[KNOWN], times[UNKNOWN], strict=True)
    slower = sum(mine > other for mine, other in pairs) / PAIRS
    bound = 0.5 + 3 / (2 * sqrt(PAIRS))  # three standard deviations of a fair coin
    return [
        Row(
            "verify a code, address with a code",
            statistics.median(times[KNOWN]),
            statistics.median(times[UNKNOWN]),
            "address without one",
            "µs",
            "the same",
        ),
        Row(
            f"share of {PAIRS:,} pairs in which it took longer",
            slower,
            0.5,
            "a fair coin",
            "share",
            f"{1 - bound:.3f} to {bound:.3f}",
        ),
    ]


def _wrong_code(proofs: Proofs, email: str) -> float:
    start = time.process_time_ns()
    try:
        proofs.by_code(email, "654321", "203.0.113.7")
    except InvalidCode:
        return (time.process_time_ns() - start) / 1000
    raise AssertionError("a wrong code was taken")


def _answer_updates(services: Services, known: CodePlace, item: dict[str, Any]) -> None:
    """UpdateItem answers with the item as it is then, as DynamoDB does."""
    described = _as_json(item)
    stub = described | _as_json(_NO_CODE)

    def answer(request: Any, **_: Any) -> Any:
        if b"UpdateItem" not in request.headers["X-Amz-Target"]:
            return None
        key = json.loads(request.body)["Key"]["pk"]["S"]
        attributes = described if key == known.key.pk else {**stub, "pk": {"S": key}}
        response: Any = AWSResponse(request.url, 200, HTTPHeaders(), None)
        response._content = json.dumps({"Attributes": attributes}).encode()
        return response

    services.dynamodb.meta.events.register_first("before-send", answer)


def _as_json(item: Item) -> dict[str, Any]:
    octets = {name: base64.b64encode(value) for name, value in item.items() if type(value) is bytes}
    return {**encode(item), **{name: {"B": text.decode()} for name, text in octets.items()}}


def _counted(services: Services) -> Counter[str]:
    calls: Counter[str] = Counter()
    for client in (services.dynamodb, services.kms):
        client.meta.events.register("before-call", lambda model, **_: calls.update([model.name]))
    return calls


if __name__ == "__main__":
    print_table(run())

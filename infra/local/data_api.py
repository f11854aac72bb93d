"""The RDS Data API in front of a real PostgreSQL.

The embedded AWS runs statements in containers of Docker, which a laptop need not have, and without
one it only pretends to. Here they run in the server of `postgres.py`, which starts with the first
statement. What else differs from AWS ("Amazon RDS Data API limitations" and "troubleshooting") is
put right: a statement may wait for a lock without holding up everybody else, arrays are arrays, an
error says its SQLSTATE, answers are limited in size, and the caller needs the right to the secret.
"""

import asyncio
import json
import os
import threading
from pathlib import Path
from typing import Any

import ministack.app
from ministack.services import rds_data, secretsmanager

from infra.local.postgres import CLUSTER, HOST, USER, Address, Postgres

_ENGINE = "aurora-postgresql"
_LONGEST_ANSWER, _LONGEST_ROW = 1 << 20, 64 << 10  # bytes
_CANCELLED = "57014"  # SQLSTATE of a statement that took too long: it has its own error

_handle = rds_data.handle_request
_field = rds_data._field_value  # noqa: SLF001  # there is no public place
_failure = rds_data._sql_execution_error  # noqa: SLF001
_enforce = ministack.app._enforce_rds_data  # noqa: SLF001


class _Server:
    """The one server of this process, started when it is first needed."""

    def __init__(self) -> None:
        self._postgres = Postgres(Path(os.environ["STATE_DIR"]).parent)
        self._address: Address | None = None
        self._lock = threading.Lock()

    def address(self) -> Address:
        with self._lock:
            if self._address is None:
                self._address = self._postgres.start()
            return self._address

    def stop(self) -> None:
        with self._lock:
            self._postgres.stop()


_servers: list[_Server] = []


def install() -> None:
    """Puts the server behind the Data API of this process."""
    _servers[:] = [_Server()]
    rds_data.handle_request = _handle_in_thread
    rds_data._resolve_target = _target  # noqa: SLF001
    rds_data._field_value = _field_value  # noqa: SLF001
    rds_data._sql_execution_error = _sql_error  # noqa: SLF001
    ministack.app._enforce_rds_data = _enforce_with_secret  # noqa: SLF001


def stop() -> None:
    """Ends the server, if it was needed."""
    for server in _servers:
        server.stop()


async def _handle_in_thread(*request: Any) -> Any:
    # It is written as if it waited for nothing. A statement that waits for the lock of another
    # transaction would keep that one's end from being heard.
    status, headers, body = await asyncio.to_thread(lambda: asyncio.run(_handle(*request)))
    if status != 200:
        return status, headers, body
    rows = json.loads(body).get("records", [])
    if len(body) > _LONGEST_ANSWER or max(map(_length, rows), default=0) > _LONGEST_ROW:
        return _error("BadRequestException", "Database returned more than the allowed size limit")
    return status, headers, body


def _length(row: list[dict[str, Any]]) -> int:
    return sum(len(str(value).encode()) for field in row for value in field.values())


def _enforce_with_secret(
    method: str, path: str, headers: Any, body: bytes, query: Any, request_id: str
) -> Any:
    """AWS reads the secret with the caller's rights."""
    denied = _enforce(method, path, headers, body, query, request_id)
    try:
        named = json.loads(body).get("secretArn", "")
    except ValueError:
        return denied
    _, found = secretsmanager._resolve(named, use_arn_scope=True)  # noqa: SLF001  # a name will do
    secret = found["ARN"] if found else named or "*"
    return denied or ministack.app._enforce_data_plane(  # noqa: SLF001
        "rds-data",
        "secretsmanager:GetSecretValue",
        headers,
        query,
        request_id,
        resource_arn=secret,
        named_resource=secret,
    )


def _target(resource_arn: str) -> tuple[Any, str | None, Any]:
    """The instance, engine and cluster of an ARN, as the embedded RDS would know them."""
    if not resource_arn.endswith(f":cluster:{CLUSTER}"):
        return None, None, None
    instance = {
        "Engine": _ENGINE,
        "MasterUsername": USER,
        "Endpoint": {"Address": HOST, "Port": _servers[0].address().port},
        "_docker_container_id": "there is none, but the endpoint is real",
    }
    return instance, _ENGINE, {"HttpEndpointEnabled": True}


def _field_value(value: Any, type_name: str | None = None) -> dict[str, Any]:
    if isinstance(value, list):
        return {"arrayValue": {"stringValues": [str(each) for each in value]}}
    return dict(_field(value, type_name))


def _sql_error(error: Exception) -> Any:
    state = getattr(error, "pgcode", None)
    if state in {None, _CANCELLED}:
        return _failure(error)
    return _error("DatabaseErrorException", f"{error}; SQLState: {state}")


def _error(code: str, message: str) -> Any:
    return rds_data._error(code, message)  # noqa: SLF001

"""Receipts are read where nothing can be fetched."""

import socket
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a receipt is read without any other document")

    monkeypatch.setattr(socket.socket, "connect", refuse)

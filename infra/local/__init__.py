"""The embedded AWS: `make run` in the foreground, `Stack` in tests."""

from infra.local.stack import Stack

__all__ = ["Stack"]

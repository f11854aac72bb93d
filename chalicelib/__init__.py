"""Jaga: a serverless privacy office. The rooms are described in docs/house.md."""

__version__ = "0.1.0"

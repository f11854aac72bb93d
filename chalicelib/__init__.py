"""Jaga: a serverless privacy office. The rooms are described in docs/house.md."""

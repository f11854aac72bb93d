"""Telling each person and client that an incident affects, and the ledger that proves it."""

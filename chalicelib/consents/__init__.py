"""Consents of known people, purpose by purpose: given, proved, obeyed."""

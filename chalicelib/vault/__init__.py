"""Envelope encryption: sealed format, keyring, blind index, key destruction, signatures."""

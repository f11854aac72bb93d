"""Making a restored table true again: what the erasure ledger says went, goes again."""

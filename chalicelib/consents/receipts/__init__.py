"""Receipts of consents, for the person's own keeping: DPV's JSON-LD, Kantara's JSON, a signature.

Pure: a receipt follows from the event, from the terms that its notice froze, and from its id.
"""

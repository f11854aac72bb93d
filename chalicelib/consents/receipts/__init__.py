"""Receipts of consents, for the person's own keeping: DPV's JSON-LD, Kantara's JSON, a signature.

Pure: a receipt follows from the event, from the terms that its notice froze, and from its id.
"Guide" is W3C's to ISO/IEC TS 27560:2023 with DPV: https://w3id.org/dpv/guides/consent-27560.
"""

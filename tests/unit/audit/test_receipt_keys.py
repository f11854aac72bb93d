"""The receipts' key vouches for receipts alone."""

from chalicelib.audit.receipt_keys import ALL_ELSE, RECEIPTS_ONLY, without_receipt_keys


def test_a_verifier_believes_no_receipts_key() -> None:
    trail, receipts = {"kid": "trail"} | ALL_ELSE, {"kid": "receipts"} | RECEIPTS_ONLY
    unmarked = {"kid": "of an older key set"}
    assert without_receipt_keys([trail, receipts, unmarked]) == [trail, unmarked]

"""Incidents: their register, the clocks that they start, who is told (UU PDP 46, GDPR 33-34)."""

"""The register of incidents, the clocks that they start, and who is told (UU PDP 46, GDPR 33-34)."""

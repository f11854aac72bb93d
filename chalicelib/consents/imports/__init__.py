"""Consents that were collected elsewhere, by the file: checked as a whole, applied row by row."""

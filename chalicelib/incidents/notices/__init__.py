"""Notices of an incident: what they must say, what they say, and proof that they were given."""

"""How many people decided, by purpose, state, language, site and day, and not who.

docs/statistics.md says why they reveal nobody, and what they do not protect against.
"""

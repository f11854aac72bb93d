"""How many consents and cookie choices, by purpose, state, language, site and day, and of nobody.

docs/statistics.md says why they reveal nobody, and what they do not protect against.
"""

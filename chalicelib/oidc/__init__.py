"""Tokens that others sign (OpenID Connect, OAuth 2.0): their keys, fetched, and their claims."""

"""Telling everybody of a significant change before it takes effect (UU PDP 21(2))."""

"""Repeats of unsafe calls: what was asked for happens once, and the repeat learns of it."""

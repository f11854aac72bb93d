"""Registering what a place holds by reading it, where the platform does not do it itself."""

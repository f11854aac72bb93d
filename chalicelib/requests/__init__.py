"""Requests of data subjects: taken in, proved, tracked, withdrawn."""

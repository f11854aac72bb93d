"""Ending what is over: the hourly sweep, its batches, and the workers that dispose of records."""

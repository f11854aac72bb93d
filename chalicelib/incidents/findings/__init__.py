"""Findings of the services of AWS that watch ours, as drafts of incidents to be looked at."""

"""The retention schedule: versions that two people agree on, and what a change would do."""

"""Carrying a request out: a plan of tasks, one for each place, each with its verdict."""

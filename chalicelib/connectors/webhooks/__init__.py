"""Signed webhooks: events out of the outbox to endpoints that the staff registered."""

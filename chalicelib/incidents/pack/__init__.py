"""The evidence of an incident in one signed archive, for whoever has to be shown it."""

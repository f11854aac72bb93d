"""Legal holds: what must not be erased, at once and everywhere, until somebody releases it."""

"""The data map: where personal data is, what it is, how it is found, what erasure does to it."""

"""The end of a client's engagement: its plan, what was done, and the certificate of it."""

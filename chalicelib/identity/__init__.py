"""Who a data subject is: one-time codes, vouching, sessions, and the subjects they lead to."""

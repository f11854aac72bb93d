"""A cold start makes nothing but what stays, so the garbage collector is kept out of it.

app.py imports this module before the rest of ours and calls `finish` behind its last line.
"""

import gc

gc.disable()


def finish() -> None:
    """What was made until now is never looked at again; from here on the collector works."""
    gc.freeze()
    gc.enable()

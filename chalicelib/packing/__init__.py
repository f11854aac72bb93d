"""Archives that prove themselves: packed as a stream, listed, signed, checked without us."""

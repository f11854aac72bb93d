"""The copy of a person's data: gathered, packed, signed, handed out, checked offline."""

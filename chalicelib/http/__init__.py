"""The edge: everything about HTTP that is not one capability's own."""

"""Stop orders: who processed on a consent that ended is told, and watched until they say that they
stopped (UU PDP 40)."""

"""Cookie preferences of anonymous visitors, and the banner that asks for them."""

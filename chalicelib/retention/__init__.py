"""How long data is kept: the schedule, what stands under it, holds, and the sweep that ends it."""

"""What the privacy team sees that belongs to no single capability: itself, the trail, people."""

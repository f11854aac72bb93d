"""What is held, why, on what basis, who receives it: the privacy policy as data."""

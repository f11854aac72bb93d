"""What stands under retention: where it is, what it is, and when it has to go."""

"""What follows an incident: it is contained, understood, remedied, reported on, closed."""

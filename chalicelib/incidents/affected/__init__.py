"""Who was affected by an incident: typed by hand, or computed from places of the data map."""

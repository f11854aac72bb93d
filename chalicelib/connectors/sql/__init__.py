"""SQL databases as places: PostgreSQL through the RDS Data API."""

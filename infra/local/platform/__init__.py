"""The demonstration's client platform: what Jutsoo keeps, with people who do not exist."""

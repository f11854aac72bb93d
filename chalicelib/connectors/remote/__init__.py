"""Places that answer later: asked by a signed webhook, they answer by a signed call."""

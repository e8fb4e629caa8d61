"""Which layers are exported."""

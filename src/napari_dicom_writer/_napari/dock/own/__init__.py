"""What one layer has for itself, and not in common with all that are exported."""

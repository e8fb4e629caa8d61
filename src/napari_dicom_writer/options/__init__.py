"""What the user may decide."""

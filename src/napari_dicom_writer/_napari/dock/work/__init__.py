"""What runs behind the window."""

"""Where to, and the buttons."""

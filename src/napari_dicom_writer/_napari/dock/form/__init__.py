"""The options, generated from their fields."""

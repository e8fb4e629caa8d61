"""Whether a series holds what its source holds."""

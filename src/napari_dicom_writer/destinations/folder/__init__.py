"""A folder, or a single file: whole or nothing."""

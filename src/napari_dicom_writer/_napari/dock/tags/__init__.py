"""The header as a table, before writing."""

"""Which software opens a series, one file a program."""

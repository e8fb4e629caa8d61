"""Whose result it is: patient and study taken from a reference, by a whitelist."""

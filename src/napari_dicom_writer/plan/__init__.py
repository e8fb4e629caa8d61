"""Decisions taken: frozen, picklable, without pixels."""

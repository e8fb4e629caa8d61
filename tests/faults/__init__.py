"""Faults of every kind, and what an export leaves behind: a whole series or nothing."""

"""Readers and validators that share no code with the writer, and what they are given."""

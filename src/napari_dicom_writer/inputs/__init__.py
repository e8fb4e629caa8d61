"""Files of other formats → Volumes: one file and one row of `formats.FORMATS` each, read by the libraries of the field.

file ─ format ─→ Image (what it holds) ─ settle (what the user says) ─→ Volume
"""

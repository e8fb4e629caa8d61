"""A File-set for exchange media: files with short names, and the DICOMDIR that lists them (PS3.10 section 8)."""

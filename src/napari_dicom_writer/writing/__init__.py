"""From plan and pixels to files, read back and compared."""

"""An orientation phantom, and pictures of what was written."""

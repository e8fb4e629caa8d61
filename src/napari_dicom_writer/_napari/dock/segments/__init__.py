"""What the labels of a layer mean, as a table."""

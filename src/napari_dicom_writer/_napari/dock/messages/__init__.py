"""What is assumed, lost or refused, and the report."""

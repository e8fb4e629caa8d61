"""What is judged of one file."""

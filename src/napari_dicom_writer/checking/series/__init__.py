"""What is judged across the files of a series."""

"""What the user says of one layer: its axes, voxel size and display range."""

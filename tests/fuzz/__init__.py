"""Exports drawn at random: each is refused with the reason, or every voxel is found in its place by others."""

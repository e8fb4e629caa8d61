"""The napari side: the only place that may know napari. `layers` alone is reached from the core."""

"""What travels between layers and DICOM: volumes, geometry, slabs, units. Knows no napari and no DICOM attribute."""

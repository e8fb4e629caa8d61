"""Patient and study copied from a DICOM file."""

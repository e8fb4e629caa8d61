"""The dock widget "Export to DICOM…", one concept a module."""
